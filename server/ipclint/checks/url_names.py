"""Names of URL schemes: which mean a protocol, which belong to a known app, which anybody may hit upon."""

from __future__ import annotations

import re

PROTOCOLS = frozenset(
    {"ftp", "ftps", "sftp", "ssh", "telnet", "vnc", "rdp", "smb", "afp", "nfs", "cifs", "dav", "davs", "rtsp", "rtmp"}
    | {"mms", "rtp", "udp", "tcp", "ldap", "ldaps", "git", "svn", "webcal", "webcals", "cal", "caldav", "carddav"}
    | {"geo", "news", "nntp", "gopher", "gemini", "irc", "ircs", "sip", "sips", "xmpp", "im", "matrix", "feed", "feeds"}
    | {"rss", "magnet", "ed2k", "thunder", "torrent", "otpauth", "otpauth-migration", "ss", "ssr", "vmess", "vless"}
    | {"trojan", "tuic", "hysteria", "hysteria2", "hy2", "clash", "socks", "socks5", "wireguard", "sdns", "abp"}
    | {
        "bitcoin",
        "bitcoincash",
        "bchtest",
        "ethereum",
        "litecoin",
        "dogecoin",
        "monero",
        "lightning",
        "lnurl",
        "lnurlp",
    }
    | {"aim", "icq", "msn", "msnim", "ymsgr", "gtalk", "jabber"}
    | {"bitid", "wc", "ipfs", "ipns", "mysql", "postgres", "postgresql", "redis", "mongodb", "sqlite", "doi", "urn"}
    | {"ws", "wss", "data", "blob", "about", "message", "addressbook", "dict", "man", "x-man-page", "help", "vscode"}
)
"""Schemes that name a protocol or a kind of content: many programs register them, and are meant to."""

SYSTEM = frozenset(
    {"http", "https", "mailto", "tel", "telprompt", "sms", "facetime", "facetime-audio", "maps", "itms", "itms-apps"}
    | {"itms-services", "app-settings", "prefs", "file", "javascript"}
)
"""Schemes that iOS handles itself."""

KNOWN: dict[str, str] = {
    "fb": "facebook",
    "fbapi": "facebook",
    "fbauth": "facebook",
    "fbauth2": "facebook",
    "twitter": "twitter",
    "instagram": "instagram",
    "whatsapp": "whatsapp",
    "tg": "telegram",
    "telegram": "telegram",
    "slack": "slack",
    "spotify": "spotify",
    "youtube": "youtube",
    "googlechrome": "google",
    "googlegmail": "google",
    "comgooglemaps": "google",
    "snapchat": "snap",
    "skype": "skype",
    "msteams": "microsoft",
    "ms-outlook": "microsoft",
    "zoomus": "zoom",
    "linkedin": "linkedin",
    "pinterest": "pinterest",
    "reddit": "reddit",
    "tiktok": "tiktok",
    "uber": "uber",
    "lyft": "lyft",
    "paypal": "paypal",
    "venmo": "venmo",
    "dropbox": "dropbox",
    "evernote": "evernote",
    "onepassword": "agilebits",
    "firefox": "mozilla",
    "waze": "waze",
    "viber": "viber",
    "weixin": "tencent",
    "wechat": "tencent",
    "alipay": "alipay",
    "sgnl": "signal",
    "discord": "discord",
}
"""Scheme of a known app → who makes it, as it stands in their bundle ids."""

WORDS = frozenset(
    {"app", "apps", "auth", "callback", "login", "logout", "oauth", "oauth2", "oidc", "open", "pay", "payment", "share"}
    | {"test", "demo", "example", "myapp", "mobile", "home", "main", "link", "links", "deeplink", "redirect", "return"}
    | {"url", "web", "bank", "wallet", "chat", "mail", "music", "video", "photo", "photos", "note", "notes", "shop"}
    | {"store", "news", "game", "map", "food", "health", "file", "files", "user", "account", "signin", "sso", "token"}
)
"""Words that the next app may choose just as well."""

_MADE = re.compile(r"^(?:fb\d+|msauth|msal|db-|appcenter-|pdk\d+|tw\d+|vk\d+|wx[0-9a-f]{16}|line3rdp|amzn-|twitterkit)")
SHORT = 4
"""A scheme with fewer letters is soon taken by another app as well."""


def is_unique(scheme: str) -> bool:
    """Whether a scheme holds a domain name, or is made by a service from the app's number with it."""
    return "." in scheme or _MADE.match(scheme) is not None


def is_own(scheme: str, names: tuple[str, ...]) -> bool:
    """Whether a scheme stands in the names of the app: its bundle id, its product."""
    bare = _letters(scheme)
    parts = {_letters(part) for name in names for part in name.split(".")}
    return any(bare in part or (len(part) > SHORT and part in bare) for part in parts if part)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
