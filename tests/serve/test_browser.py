"""The page in a browser: mouse, keyboard, a narrow screen, wrong files. The workers answer at once."""

import json
import shutil
import time

import pytest
from page_for_tests import served

from stargas.serve.settings import ServeConfig

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'stargas[dev]'")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: install the package chromium"),
]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as made:
        opened = made.chromium.launch(executable_path=BROWSER, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address():
    with served(ServeConfig(max_table_mb=1.0, infer_seconds=20.0)) as at:
        yield at


@pytest.fixture
def page(browser, address):
    yield from opened(browser, address, viewport={"width": 1200, "height": 900})


@pytest.fixture
def phone(browser, address):
    yield from opened(browser, address, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)


def opened(browser, address, **options):
    context = browser.new_context(**options)
    made = context.new_page()
    made.set_default_timeout(60_000)
    wrong = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on(
        "request", lambda request: None if request.url.startswith((address, "data:")) else wrong.append(request.url)
    )
    # a policy that is violated is said here; so is an answer of the server that refuses, which tests provoke
    made.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    made.goto(address)
    made.wait_for_selector("#examples button")
    yield made
    assert wrong == []  # no error of a script, no foreign address, nothing that the policy of the page forbids
    context.close()


def choose(page, content, name="stars.csv"):
    page.set_input_files("#chooser", {"name": name, "mimeType": "text/csv", "buffer": content})


def said(page, at):
    page.wait_for_selector(f"{at} .notice")
    return page.inner_text(f"{at} .notice")


def until(page, expression, seconds=60.0):
    """Wait for an expression; the policy of the page forbids the text that playwright itself would evaluate."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def test_from_a_dropped_file_to_the_download(page):
    transfer = page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['ra,dec\\n1,2'], 'my stars.csv')); return t; }"
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#preview-stars .main-svg")
    assert "my stars.csv" in page.inner_text("#files")
    page.fill("[name=distance_kpc]", "950")
    page.click("#infer")
    page.wait_for_selector("#profile .main-svg")
    assert page.inner_text("#result-name") == "galaxy"
    assert page.inner_text("#verdict") == "Trusted. As usual."
    assert page.inner_text("#result-limits") == "The 68 % interval is ±0.10 dex."
    assert "There are few stars." in page.inner_text("#result-notices")
    order = page.evaluate("[...document.querySelectorAll('#verdict, #profile, #result-limits')].map((node) => node.id)")
    assert order == ["verdict", "profile", "result-limits"]
    assert "7.70 +0.10 −0.10" in page.inner_text("#masses")
    assert "1.20 +0.30 −0.20" in page.inner_text("#dark-numbers")
    assert "No HI was observed." in page.inner_text("#dark-notices")
    page.wait_for_selector("#predictive:not([hidden])")
    assert page.get_attribute("#predictive-drawing", "alt") == "Velocities as predicted."
    assert page.get_attribute("#field-drawing", "alt") == "HI as predicted."
    assert page.inner_text("#field-caption") == "Red recedes."
    assert "/figures/dark_matter.png" in page.get_attribute("#dark-drawing", "src")
    with page.expect_download() as taken:
        page.click("text=Profile (ECSV)")
    assert taken.value.path().read_text() == "ra,dec\n1,2"
    with page.context.expect_page() as report:
        page.click("text=Open the report")
    report.value.wait_for_load_state()
    assert report.value.title() == "report"


def test_settings_reach_the_server_as_they_were_typed(page):
    choose(page, b"ra,dec\n")
    page.wait_for_selector("#preview-stars .main-svg")
    for name, value in {"distance_kpc": "105,5", "center.0": "100.4", "center.1": "−50.9"}.items():
        page.fill(f"[name='{name}']", value)
    with page.expect_response(lambda answer: '"R_hl_kpc":"0.25"' in (answer.request.post_data or "")) as answer:
        page.fill("[name=R_hl_kpc]", "0.25")
    given = json.loads(answer.value.json()["given"])["values"]
    assert given == {"distance_kpc": 105.5, "center": [100.4, -50.9], "R_hl_kpc": 0.25}


def test_a_column_is_chosen_from_a_list(page):
    choose(page, b"ra,dec,HRV\n")
    page.wait_for_selector("#preview-stars .main-svg")
    page.click("text=Columns of the table")
    with page.expect_response("**/preview") as answer:
        page.get_by_label("line-of-sight velocity", exact=True).select_option("HRV")
    assert json.loads(answer.value.json()["given"])["values"]["columns"] == {"v_los": "HRV"}


def test_all_of_it_with_the_keyboard(page):
    for _ in range(3):  # past the link that skips the head, and the one to the forecast
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "chooser"
    assert page.evaluate("getComputedStyle(document.getElementById('drop')).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Mock dwarf: stars and HI"
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview-stars .main-svg")
    page.focus("[name=distance_kpc]")
    page.keyboard.press("Enter")  # sends the form
    page.wait_for_selector("#profile .main-svg")
    assert page.evaluate("document.activeElement.id") == "result"
    assert page.get_attribute("#status", "role") == "status"
    unnamed = """() => [...document.querySelectorAll('input, select, button, a')].filter((node) =>
      !(node.labels?.length || node.getAttribute('aria-label') || node.textContent.trim())).length"""
    assert page.evaluate(unnamed) == 0


def test_a_phone_needs_no_scrolling_to_the_side(phone):
    phone.click("text=Mock dwarf: stars and HI")
    phone.wait_for_selector("#preview-stars .main-svg")
    phone.click("text=More settings")
    phone.click("#infer")
    phone.wait_for_selector("#profile .main-svg")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    small = """() => [...document.querySelectorAll('button, .button, select')].filter((node) =>
      node.offsetParent && node.getBoundingClientRect().height < 30).length"""
    assert phone.evaluate(small) == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("stars.exe", b"x", "neither a table nor FITS by its ending"),
        ("cube.fits.gz", b"x", "neither a table nor FITS by its ending"),
        ("big.csv", bytes(1_000_001), "at most 1.0 MB are taken"),
        ("empty.csv", b"", "is empty"),
    ],
)
def test_what_is_not_sent_at_all_is_one_sentence(page, name, content, words):
    choose(page, content, name)
    text = said(page, "#data-notices")
    assert words in text
    assert text.startswith(name)  # as it is spelled
    assert page.inner_text("#files").strip() == ""


def test_what_the_server_refuses_is_one_sentence_and_work_goes_on(page):
    choose(page, b"wrong")
    assert said(page, "#preview-stars") == "The file is wrong: correct it."
    page.click("#infer")
    assert said(page, "#failure") == "The file is wrong: correct it."
    choose(page, b"right")
    page.wait_for_selector("#preview-stars .main-svg")
    assert page.inner_text("#failure") == ""
    page.fill("[name=distance_kpc]", "far")
    page.click("#infer")
    assert "distance must be a number" in said(page, "#failure")
    page.fill("[name=distance_kpc]", "9")
    page.click("#infer")
    page.wait_for_selector("#profile .main-svg")


def test_start_anew_removes_the_files(page):
    choose(page, b"ra,dec\n")
    page.wait_for_selector("#preview-stars .main-svg")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        page.click("#anew")
    assert answer.value.status == 204
    assert page.is_hidden("#known")
    assert page.get_attribute("[name=distance_kpc]", "value") is None


def test_text_of_a_visitor_is_never_read_as_html(page):
    choose(page, b"ra,dec\n", "<img src=x onerror=alert(1)>.csv")
    page.wait_for_selector("#preview-stars .main-svg")
    assert page.locator("#files img").count() == 0
    assert "<img src=x" in page.inner_text("#files")


@pytest.mark.parametrize(
    ("name", "cards", "role"),
    [
        ("a.fits", ["NAXIS   = 3", "NAXIS1  = 9", "NAXIS2  = 9", "NAXIS3  = 9"], "HI cube"),
        ("a.fits", ["NAXIS   = 4", "NAXIS1  = 9", "NAXIS2  = 9", "NAXIS3  = 1", "NAXIS4  = 1"], "HI moment 0 (column)"),
        ("a_mom1.fits", ["NAXIS   = 2", "NAXIS1  = 9", "NAXIS2  = 9"], "HI moment 1 (velocity)"),
        ("a.fits", ["NAXIS   = 2", "NAXIS1  = 9", "NAXIS2  = 9", "BUNIT   = 'km/s'"], "HI moment 1 (velocity)"),
        ("disp.fits", ["NAXIS   = 2", "NAXIS1  = 9", "NAXIS2  = 9", "BUNIT   = 'km/s'"], "HI moment 2 (dispersion)"),
    ],
)
def test_the_role_of_a_fits_file_is_guessed_from_its_header(page, name, cards, role):
    header = "".join(card.ljust(80) for card in ["SIMPLE  = T", "BITPIX  = 8", *cards, "END"])
    choose(page, header.ljust(2880).encode(), name)
    page.wait_for_selector("#files select")
    assert page.evaluate("document.querySelector('#files select').selectedOptions[0].textContent") == role


def test_a_reload_keeps_files_settings_and_answer(page):
    choose(page, b"ra,dec\n", "kept.csv")
    page.wait_for_selector("#preview-stars .main-svg")
    page.fill("[name=distance_kpc]", "950")
    page.click("#infer")
    page.wait_for_selector("#masses td")
    page.reload()
    page.wait_for_selector("#masses td")
    assert "kept.csv" in page.inner_text("#files")
    assert page.input_value("[name=distance_kpc]") == "950"
    page.click("#anew")
    page.reload()
    page.wait_for_selector("#examples button")
    assert page.is_hidden("#known")  # what was removed does not come back


def test_figures_zoom_and_follow_the_color_scheme(page):
    page.click("text=Mock dwarf: stars and HI")
    page.wait_for_selector("#preview-hi .plot:nth-child(3) .main-svg")
    ranges = "[...document.querySelectorAll('#preview-hi .plot')].map((node) => node.layout.xaxis.range.map(Number))"
    whole = page.evaluate(ranges)
    page.click("[aria-label='Closer: HI']")
    until(page, "document.querySelectorAll('#preview-hi .plot')[2].layout.xaxis.range[1] < 1")
    closer = page.evaluate(ranges)
    assert closer[0] == closer[1] == closer[2] != whole[0]  # the three maps together
    page.click("[aria-label='Whole: HI']")
    until(page, "document.querySelectorAll('#preview-hi .plot')[2].layout.xaxis.range[1] > 1")
    assert page.evaluate(ranges) == whole
    ink = "document.querySelector('#preview-stars .plot').layout.hoverlabel.font.color"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    until(page, f"{ink} !== '{light}'")


def test_a_link_repeats_an_inference(page, address):
    page.click("text=Mock dwarf: stars alone")
    page.wait_for_selector("#preview-stars .main-svg")
    page.select_option("#prior", "smooth")
    page.fill("[name=distance_kpc]", "940")
    page.click("text=More settings")
    page.fill("[name=seed]", "7")
    page.click("#infer")
    page.wait_for_selector("#downloads a")
    link = page.input_value("#link")
    assert link.startswith(address)
    fresh = page.context.new_page()
    fresh.goto(link)
    fresh.wait_for_selector("#downloads a")  # by itself
    assert fresh.input_value("#link") == link
    assert fresh.input_value("#prior") == "smooth"
    assert "prior smooth" in fresh.inner_text("#masses caption")
    assert "#" not in fresh.url  # a reload shows this answer, and does not infer again


def test_a_link_without_files_asks_for_them(page):
    choose(page, b"ra,dec\n", "mine.csv")
    page.wait_for_selector("#preview-stars .main-svg")
    page.fill("[name=name]", "Fornax")
    page.click("#infer")
    page.wait_for_selector("#downloads a")
    assert "adds mine.csv" in page.text_content("#link-note")
    link = page.input_value("#link")
    fresh = page.context.new_page()
    fresh.goto(f"{link}&prior=steady&v=1")
    fresh.wait_for_selector("#data-notices .notice >> nth=1")
    assert fresh.inner_text("#data-notices").split("\n")[::2] == [
        "This server does not know steady, v, which the link asks for.",
        "The link holds settings and no files: add mine.csv.",
    ]
    choose(fresh, b"ra,dec\n", "mine.csv")
    fresh.wait_for_selector("#preview-stars .main-svg")
    assert fresh.input_value("[name=name]") == "Fornax"


def test_settings_that_have_changed_since_hide_the_answer_after_a_reload_too(page):
    choose(page, b"ra,dec\n")
    page.wait_for_selector("#preview-stars .main-svg")
    page.click("#infer")
    page.wait_for_selector("#downloads a")
    page.fill("[name=distance_kpc]", "100")
    page.wait_for_selector("#result", state="hidden")
    page.reload()
    page.wait_for_selector("#preview-stars .main-svg")
    assert page.input_value("[name=distance_kpc]") == "100"
    assert page.is_hidden("#result")


def test_stop_a_reload_and_a_server_that_ends(browser):
    with served(arguments=(1.5,)) as at:
        context = browser.new_context()
        page = context.new_page()
        page.goto(at)
        page.click("text=Mock dwarf: stars alone")
        page.wait_for_selector("#preview-stars .main-svg", timeout=60_000)
        page.click("#infer")
        page.wait_for_selector("#stages li[aria-current]")
        page.click("#stop")
        until(page, "document.getElementById('status').textContent.startsWith('Stopped')")
        assert page.evaluate("document.activeElement.id") == "infer"
        page.keyboard.press("Enter")
        page.wait_for_selector("#stages li[aria-current]")
        page.reload()  # while it runs
        page.wait_for_selector("#downloads a", timeout=60_000)
        assert page.inner_text("#result-name") == "mock dwarf"
        page.click("#infer")
        page.wait_for_selector("#stages li[aria-current]")
    until(page, "document.getElementById('status').textContent.startsWith('The server does not answer')")
    with served(port=int(at.rstrip("/").rsplit(":", 1)[-1])):
        page.wait_for_selector("#data-notices .notice", timeout=60_000)
        assert page.inner_text("#data-notices").startswith("This galaxy was removed from the server")
        assert page.is_hidden("#known")
    context.close()


def test_nothing_of_one_galaxy_stands_there_while_another_is_read(page):
    page.click("text=Mock dwarf: stars and HI")
    page.wait_for_selector("#preview-hi .plot:nth-child(3) .main-svg")
    held = []
    page.route("**/preview", lambda route: held.append(route))  # noqa: PLW0108 (playwright marks what it calls)
    page.click("text=Mock dwarf: stars alone")
    until(page, "document.getElementById('preview-state').textContent === 'reading …'")
    assert page.locator("#preview .plot").count() == 0
    held[0].continue_()
    page.wait_for_selector("#preview-stars .main-svg")
    assert page.inner_text("#preview-hi") == ""


def test_a_forecast_from_the_form_to_table_and_figure(page, address):
    page.click("text=Plan an observation")
    page.wait_for_url(f"{address}forecast")
    page.fill("[name=stellar_mass_msun]", "1e7")
    page.click("#ask")
    assert "The half-light radius is missing" in said(page, "#failure")
    page.fill("[name=R_hl_kpc]", "2 arcmin")
    page.fill("[name=distance_kpc]", "860")
    page.fill("[name=n_stars]", "150")
    with page.expect_response("**/forecast") as answer:
        page.press("[name=n_stars]", "Enter")
    given = json.loads(answer.value.json()["given"])
    assert given["R_hl_kpc"] == pytest.approx(0.5, rel=0.01)
    page.wait_for_selector("#tables table")
    assert page.inner_text("#planned") == "150 stars"
    assert "0.152" in page.inner_text("#tables")
    assert page.inner_text("#notices .notice") == "There are few galaxies."
    assert page.get_attribute("#drawing", "src").startswith("data:image")
    assert page.evaluate("document.activeElement.id") == "answer"
    assert page.is_hidden("#failure .notice")


def test_a_forecast_on_a_narrow_screen(phone, address):
    phone.goto(f"{address}forecast")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
