"""The page that shows what the sinks were given, in Chinese and English."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from kernel.clock import TAIPEI

MOST_SHOWN = 200
REFRESH_SECONDS = 3
WORDS = {
    "zh-hant": {
        "title": "示範環境：已送出的訊息",
        "lead": "示範環境不會真的寄出簡訊或電子郵件，所有訊息都會顯示在這裡。本頁每 3 秒自動更新。",
        "none": "目前沒有訊息。",
        "sms": "簡訊",
        "email": "電子郵件",
        "to": "收件人",
        "times": "收到次數",
        "count": "訊息總數",
        "other": "English",
    },
    "en": {
        "title": "Demonstration: messages sent",
        "lead": "The demonstration sends no real SMS or e-mail: every message is shown"
        " here instead. This page refreshes every 3 seconds.",
        "none": "No messages yet.",
        "sms": "SMS",
        "email": "E-mail",
        "to": "To",
        "times": "times received",
        "count": "messages in all",
        "other": "繁體中文",
    },
}
STYLE = """
body { margin: 0; background: #f5f7fb; color: #182433;
  font: 16px/1.5 "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1rem; margin: .4rem 0; }
a { color: #0054a6; }
article { background: #fff; border: 1px solid #d8dfe9; border-radius: 8px; padding: .8rem 1rem;
  margin: 0 0 .8rem; }
.facts { display: flex; flex-wrap: wrap; gap: .3rem 1rem; color: #49566b; font-size: .875rem; }
.channel { border-radius: 4px; padding: 0 .5rem; color: #fff; background: #0054a6; }
.channel.sms { background: #1f6f3d; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
"""


@dataclass(slots=True)
class Message:
    """Hold one message as it arrived; `times` is how often it did."""

    at: datetime
    channel: str
    key: str
    to: str
    subject: str
    body: str
    times: int = 0


def language(wanted: str, accepted: str) -> str:
    """Return the language to show: the one asked for, else the browser's, else Chinese."""
    if wanted in WORDS:
        return wanted
    return "en" if accepted.lower().startswith("en") else "zh-hant"


def page(messages: list[Message], shown: str) -> str:
    """Return the whole page, newest message first."""
    words = WORDS[shown]
    other = "en" if shown == "zh-hant" else "zh-hant"
    articles = "".join(_article(message, words) for message in messages[:MOST_SHOWN])
    return f"""<!doctype html>
<html lang="{"zh-Hant" if shown == "zh-hant" else "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH_SECONDS}">
<title>{words["title"]}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body><main>
<header><h1>{words["title"]}</h1>
<a href="/?lang={other}" lang="{other}">{words["other"]}</a></header>
<p>{words["lead"]}</p>
<p>{words["count"]}: {len(messages):,}</p>
{articles or f"<p>{words['none']}</p>"}
</main></body>
</html>
"""


def _article(message: Message, words: dict[str, str]) -> str:
    moment = message.at.astimezone(TAIPEI).strftime("%Y/%m/%d %H:%M:%S")
    heading = f"<h2>{escape(message.subject)}</h2>" if message.subject else ""
    channel = "sms" if message.channel == "sms" else "email"
    return f"""<article>
<div class="facts"><span class="channel {channel}">{words[channel]}</span>
<time datetime="{message.at.isoformat()}">{moment}</time>
<span>{words["to"]}: {escape(message.to)}</span><span>{words["times"]}: {message.times}</span></div>
{heading}<pre>{escape(message.body.strip())}</pre>
</article>
"""
