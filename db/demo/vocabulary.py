"""Words that make the platform look lived in: names, companies, devices, titles. All domains are reserved ones."""

from __future__ import annotations

import unicodedata


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Both counts share no factor with a hundred, so that no name goes with a situation.
FIRST_NAMES = _words(
    """
    Ana Liam Noor Mateo Yuki Chloé Omar Ingrid Tomás Zuzana Priya Jonas Amara Luca Fatima Henrik Sofía Kenji
    Elif Marek Aisha Hugo Nadia Viktor Léa Samir Greta Diego Mei Oskar Leila Rafael Hana Emil Zoë Karim Clara
    Andrés Ravi Freya Malik Irène Pavel Lucía Tariq Astrid Bruno Yara Felix Noémie Idris Maja Sergio Keiko Axel
    Salma Nils Renée Arjun Petra Youssef Alma Dario Linh Simon Adaeze Jakub Valentina Hassan Elena Kofi Marta
    Joaquín Sunniva Dmitri Paola Minh Camille Tunde Wren Isabel Nikolai Anjali César Thea Ibrahim Rosa Milan
    Zainab Otto Catarina Kwame Eduardo Naomi Gustav Laila Ximena
    """
)
LAST_NAMES = _words(
    """
    Kovac Murphy Haddad Rojas Tanaka Dubois Farouk Lindqvist Horák Sharma Becker Okafor Ricci Rahman Nilsen
    García Sato Yılmaz Nowak Diallo Schneider Petrov Volkov Moreau Aziz Lang Herrera Chen Holm Karimi Silva
    Novák Weiss Bakker Nasser Conti Peña Iyer Berg Traoré Laurent Sokolov Castro Mansour Ek Ferrari Amin Keller
    Girard Osei Wójcik Ortega Mori Vogel Bensaïd Larsen Fontaine Patel Urban Khalil Vega Marino Tran Fischer
    Eze Zielinski Ibáñez Saleh Popescu Mensah Krüger Lozano Aas Ivanov Greco Nguyen Lefèvre Adeyemi Hayes Méndez
    Orlov Rao Navarro Dahl Mahmoud Serrano Jansen Hussein Winkler Almeida Asante Blanc Cruz Takeda Strand Qureshi
    Kaminski Mejía Duarte
    """
)
MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")

COMPANY_HEADS = _words(
    """
    Harbour Northwind Cedar Lumen Brightside Copper Fjord Summit Willow Marigold Atlas Juniper Granite Blue Red
    Silver Anchor Meadow Falcon Orchard Pioneer Riverside Sunrise Maple Beacon Larkspur Ember Cobalt Heron Saffron
    """
)
COMPANY_TAILS = (
    "Dental", "Plumbing", "Legal", "Realty", "Bakery", "Logistics", "Physio", "Roofing", "Studios", "Motors",
    "Clinic", "Heating", "Interiors", "Travel", "Insurance", "Veterinary", "Landscaping", "Electric", "Books", "Gym",
)  # fmt: skip
COMPANY_ENDS = ("Ltd", "GmbH", "LLC", "& Sons", "Inc.", "AB", "S.L.", "Co.")
TIMEZONES = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Los_Angeles", "Asia/Tokyo",
    "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo", "UTC",
)  # fmt: skip
COUNTRIES = ("DE", "GB", "US", "JP", "IN", "BR", "ES", "FR", "PL", "NG")

DEVICES = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/604.1",
    "TextAssistantDesktop/2.4.1 (macOS 15.6; arm64)",
    "TextAssistantDesktop/2.3.0 (Windows 11; x86_64)",
    "okhttp/4.12.0",
    "curl/8.14.1",
)

ROOM_NAMES = (
    "Spring Giveaway", "Launch Party", "Weekly Quiz", "Community Draw", "Summer Raffle", "Charity Auction",
    "Members' Evening", "Speed Challenge", "Photo Contest", "Founders' Lottery", "Hackathon Finals", "Book Club",
)  # fmt: skip
PRIZE_NAMES = (
    "Gift card", "Headphones", "Mechanical keyboard", "Concert tickets", "Year of Pro", "Signed book",
    "Coffee for a month", "Mug", "Weekend trip", "Sticker set",
)  # fmt: skip
TITLE_HEADS = (
    "How I built", "A quiet guide to", "Ten minutes of", "Live from", "The truth about", "Mistakes with",
    "Beginner's", "Why we love", "One year of", "Behind the scenes of",
)  # fmt: skip
TITLE_TAILS = (
    "sourdough", "home studios", "PostgreSQL", "trail running", "street food", "synth patches", "houseplants",
    "indie games", "watercolour", "night trains", "small kitchens", "chess openings", "bike repair", "telescopes",
)  # fmt: skip
TAGS = (
    "howto", "vlog", "live", "review", "tutorial", "shorts", "interview", "studio", "outdoor", "budget", "pro",
    "beginner", "music", "code", "food", "travel", "fitness", "art", "science", "news",
)  # fmt: skip
BIOS = (
    "I make things and write about them.", "Coffee first.", "Designer by day, gardener by night.",
    "Streaming every Thursday at eight.", "Opinions my own.", "Building small tools for large problems.",
)  # fmt: skip


def folded(name: str) -> str:
    """Return a name as people type it into a sign-up form: lower-case ASCII letters."""
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i"))
    return plain.encode("ascii", "ignore").decode().lower()
