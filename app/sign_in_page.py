"""The page that asks for a name and a password: plain HTML without a script."""

from __future__ import annotations

from html import escape
from typing import Final

STYLES: Final = ("theme.css", "page.css", "sign_in.css")
"""Files of assets/ that it uses: the only ones that strangers are given."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en-AU" class="sign-in">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · NEMDesk</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<main class="sign-in-box">
<h1><span class="mark" aria-hidden="true"></span>NEMDesk</h1>
{message}
<form method="post" action="{action}">
<input type="hidden" name="next" value="{back}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" maxlength="64" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="1000" required>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""


def html(action: str, back: str, message: str = "") -> str:
    """The page. ``back``: where to go on to; ``message``: why it is shown again."""
    said = f'<p class="message message-error" role="alert">{escape(message)}</p>' if message else ""
    styles = "\n".join(f'<link rel="stylesheet" href="/assets/{name}">' for name in STYLES)
    return _PAGE.format(styles=styles, message=said, action=escape(action), back=escape(back))
