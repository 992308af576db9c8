"""Public content: items in every category with tags, media and clicks, what is trending, and who is featured."""

from __future__ import annotations

from db.demo.chance import Chance
from db.demo.load import NOW, Load
from db.demo.vocabulary import COUNTRIES, TAGS, TITLE_HEADS, TITLE_TAILS

_NUMBER = "(p.k * 16 + i)"
# Every twelfth person publishes.
_ITEMS = """
    from people as p
    cross join lateral generate_series(1, 3) as item (i)
    where mod(p.k, 12) = 1 and p.deleted_at is null"""
PERIODS = ("hour", "day", "week", "month")


def loads(chance: Chance) -> tuple[Load, ...]:
    """In the order of their foreign keys."""
    return (
        Load("content items", _items(chance)),
        Load("content tags", _tags(chance)),
        Load("content media", _media(chance)),
        Load("content clicks", _clicks(chance)),
        Load("trending content", _trending(chance), whole=True),
        Load("featured creators", _featured(chance), whole=True),
    )


def _item(chance: Chance) -> str:
    return chance.uuid("content", _NUMBER)


def _items(chance: Chance) -> str:
    title = (
        f"{chance.word('head', _NUMBER, TITLE_HEADS)} || ' ' || {chance.word('tail', _NUMBER, TITLE_TAILS)}"
    )
    public = chance.percent("public item", _NUMBER, 85)
    platform = chance.word("platform", _NUMBER, ("youtube", "instagram", "tiktok", "podcast"))
    source = _ITEMS.replace(
        "where",
        f"""cross join lateral (select {title} as title, {NOW} - {chance.share("published", _NUMBER)} * interval '300 days' as published) as told
        cross join (select array_agg(id order by display_order) as ids from content_category) as category
        where""",
    )
    return f"""
        insert into content_item (
            id, user_id, platform, platform_item_id, title, description, url, thumbnail_url, published_at, created_at,
            updated_at, deleted_at, category_id, slug, meta_title, meta_description, canonical_url, is_public, click_count
        )
        select {_item(chance)}, p.id, {platform}, left({chance.digest("platform item", _NUMBER)}, 11), title,
               title || ', by ' || p.display_name, 'https://video.example.com/' || {_NUMBER},
               'https://cdn.example.com/thumbnails/' || {_NUMBER} || '.jpg', published, published, published,
               case when {chance.percent("removed", _NUMBER, 4)} then {NOW} - interval '5 days' end,
               category.ids[1 + mod({_NUMBER}, array_length(category.ids, 1))],
               lower(translate(title, ' ''', '-')) || '-' || {_NUMBER}, title, 'Watch ' || title,
               'https://www.example.com/c/' || {_NUMBER}, {public}, {chance.number("clicks", _NUMBER, 5000)}
        {source}"""


def _tags(chance: Chance) -> str:
    return f"""
        insert into content_tag (id, content_id, tag, source, confidence)
        select {chance.uuid("tag", f"({_NUMBER} * 4 + t)")}, {_item(chance)},
               {chance.word("tag", f"({_NUMBER} + t)", TAGS)}, source,
               case source when 'ai' then round((0.5 + {chance.share("confidence", _NUMBER)} / 2)::numeric, 3) end
        {_ITEMS.replace("where", "cross join (values (1, 'ai'), (2, 'platform')) as tagged (t, source) where")}"""


def _media(chance: Chance) -> str:
    return f"""
        insert into content_media (id, content_id, media_type, url, alt_text, width, height, display_order)
        select {chance.uuid("media", f"({_NUMBER} * 4 + m)")}, {_item(chance)}, 'image',
               'https://cdn.example.com/media/' || {_NUMBER} || '-' || m || '.jpg', 'Still ' || m, 1920, 1080, m
        {_ITEMS.replace("where", f"cross join lateral generate_series(1, {chance.number('media', _NUMBER, 3)}) as image (m) where")}"""


def _clicks(chance: Chance) -> str:
    number = f"({_NUMBER} * 8 + c)"
    return f"""
        insert into content_click (id, content_id, user_id, referrer, country, clicked_at)
        select {chance.uuid("click", number)}, {_item(chance)}, case when mod(c, 3) = 0 then p.id end,
               {chance.word("referrer", number, ("https://search.example.com", "https://social.example.org", "direct"))},
               {chance.word("from", number, COUNTRIES)},
               {NOW} - power({chance.share("clicked", number)}, 2) * interval '30 days'
        {_ITEMS.replace("where", f"cross join lateral generate_series(1, {chance.number('clicked', _NUMBER, 5)}) as click (c) where")}"""


def _trending(chance: Chance) -> str:
    """The twenty most clicked public items, in every period."""
    periods = ", ".join(f"({number}::bigint, '{period}')" for number, period in enumerate(PERIODS))
    return f"""
        insert into trending_content (id, content_id, category_id, period, rank, score, calculated_at)
        select {chance.uuid("trending", "(ranked.rank * 8 + number)")}, id, category_id, period, ranked.rank,
               click_count / (1.0 + number), {NOW} - interval '12 minutes'
        from (select id, category_id, click_count, row_number() over (order by click_count desc, id) as rank
              from content_item where is_public and deleted_at is null
              order by click_count desc, id limit 20) as ranked
        cross join (values {periods}) as each (number, period)"""


def _featured(chance: Chance) -> str:
    """Twelve creators: some now, some over, some to come."""
    return f"""
        insert into featured_creator (id, user_id, headline, display_order, starts_at, ends_at)
        select {chance.uuid("featured", "k")}, id, display_name || ' this week', place,
               {NOW} + (mod(place, 3) - 1) * interval '7 days', {NOW} + mod(place, 3) * interval '7 days' - interval '1 hour'
        from (select k, id, display_name, row_number() over (order by k) as place
              from demo_people where mod(k, 12) = 1 and status = 'ACTIVE' and deleted_at is null
              order by k limit 12) as creator"""
