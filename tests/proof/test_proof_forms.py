from __future__ import annotations

from proof.forms import read

PAGE = """
<p id="kc-page-title"> Sign
 in </p><form action="/search" method="get"><input name="q"/></form>
<form id="f" action="/login?a=1&amp;b=2" METHOD="POST">
  <input type="hidden" name="id" value="x&quot;y"/><input name="username"><input type="password" name="password"/>
  <input type="checkbox" name="rememberMe"/><input type="checkbox" name="kept" checked value="on"/>
  <input type="submit" name="login" value="Sign in"/><input type="text" value="without a name"/>
</form>
<span id="input-error-password">Wrong <b>password</b></span><span>elsewhere</span><input name="outside"/>
"""


def test_a_form_has_the_fields_that_a_browser_would_send() -> None:
    (form,) = read(PAGE).forms
    assert form.action == "/login?a=1&b=2"
    assert form.fields == {"id": 'x"y', "username": "", "password": "", "kept": "on"}


def test_what_the_page_tells_its_reader_is_found() -> None:
    assert read(PAGE).told == "Sign in; Wrong password"


def test_a_page_without_a_form_has_none() -> None:
    assert read("<html><p>Sorry").forms == ()


def test_what_is_in_a_form_is_not_shown() -> None:
    assert "x&quot;y" not in repr(read(PAGE))
    assert 'x"y' not in repr(read(PAGE))
