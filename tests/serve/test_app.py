"""What the server takes, refuses, mixes not and removes; its workers here answer at once."""

import errno
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from page_for_tests import RESULT, client, send, start, wait

from stargas.serve.settings import ServeConfig


@pytest.fixture(scope="module")
def page():
    with client() as made:
        yield made


def infer(made, job, **values):
    answer = made.post(f"{job}/infer", json=values)
    return wait(made, job) if answer.status_code == 202 else answer.json()


def folder_of(made):
    return made.app._app.state.jobs.root


def test_the_page_and_its_parts_are_served_and_load_nothing_foreign(page):
    answer = page.get("/")
    assert "Drop files here" in answer.text
    assert "'unsafe" not in answer.headers["content-security-policy"]
    static = Path(__file__).parents[2] / "src" / "stargas" / "serve" / "static"
    for path in static.rglob("*.*"):
        part = page.get(f"/static/{path.relative_to(static)}")
        assert part.status_code == 200
        if path.name != "plotly-cartesian.min.js":  # of which the browser's test sees that it asks no other server
            assert "http://" not in part.text.replace("http://www.w3.org/", "")
            assert "https://" not in part.text
    for address in ("/static/../app.py", "/static/%2e%2e/app.py", "/docs", "/openapi.json", "/etc/passwd"):
        assert page.get(address).status_code == 404


def test_a_galaxy_from_upload_to_download(page):
    job = start(page)
    assert send(page, job, b"a,b\n1,2\n", name="my stars.CSV").json()["files"] == {
        "stars": {"name": "my_stars.CSV", "bytes": 8}
    }
    given = json.loads(page.post(f"{job}/preview", json={"distance_kpc": "105,5".replace(",", ".")}).json()["given"])
    assert given["values"] == {"distance_kpc": 105.5}
    assert Path(given["files"]["stars"][0]).name == "stars-1.csv"
    state = infer(page, job)
    assert (state["state"], state["result"]) == ("done", RESULT)
    assert (state["settings"], state["example"]) == ({}, "")
    assert state["seconds"] > 0
    assert page.get(f"{job}/results/profile.ecsv").content == b"a,b\n1,2\n"
    report = page.get(f"{job}/results/report.html")
    assert report.headers["content-security-policy"].startswith("sandbox;")
    assert 'filename="galaxy.zip"' in page.get(f"{job}/results/stargas.zip").headers["content-disposition"]
    root = folder_of(page)
    assert list(root.rglob("stars-1.csv"))
    assert page.delete(job).status_code == 204
    assert not list(root.rglob("stars-1.csv"))
    assert page.get(job).status_code == 404


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "inference.json", "../stars-1.csv", ""]
)
def test_only_listed_results_are_given(page, name):
    job = start(page)
    send(page, job, b"a,b\n")
    infer(page, job)
    assert page.get(f"{job}/results/{name}").status_code == 404


@pytest.mark.parametrize(
    "name", ["../../x.csv", "/etc/passwd.csv", "a\\b.csv", "é$\x00.csv", "." * 300 + ".csv", "-.csv"]
)
def test_names_of_files_never_become_paths(page, name):
    job = start(page)
    answer = send(page, job, b"a,b\n", name=name)
    assert answer.status_code == 200
    shown = answer.json()["files"]["stars"]["name"]
    assert shown[0].isalnum()
    assert set(shown) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")
    path = Path(json.loads(page.post(f"{job}/preview", json={}).json()["given"])["files"]["stars"][0])
    assert path.parent.parent == folder_of(page)


@pytest.mark.parametrize(
    ("role", "name", "words"),
    [
        ("stars", "stars.exe", "ends with '.exe'"),
        ("stars", "stars", "ends with 'nothing'"),
        ("hi_cube", "cube.fits.gz", "unpack it first"),
        ("hi_cube", "cube.csv", "one of .fits, .fit"),
        ("../x", "cube.fits", "there is no kind of file"),
    ],
)
def test_other_files_are_refused(page, role, name, words):
    job = start(page)
    answer = page.put(f"{job}/files/{role.replace('/', '_')}", params={"name": name}, content=b"x")
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_a_large_upload_is_refused_by_what_it_says_and_by_what_it_sends():
    def without_length():
        for _ in range(40):
            yield bytes(100_000)

    with client(ServeConfig(max_table_mb=1.0)) as made:
        job, root = start(made), folder_of(made)
        stated = made.put(
            f"{job}/files/stars", params={"name": "a.csv"}, content=b"x", headers={"content-length": "2000000000"}
        )
        counted = made.put(f"{job}/files/stars", params={"name": "a.csv"}, content=without_length())
        for answer in (stated, counted):
            assert answer.status_code == 413
            assert "a.csv is larger than 1 MB" in answer.json()["error"]
        assert not [path for path in root.rglob("*") if path.is_file()]
        assert made.app._app.state.jobs.n_bytes == 0
        assert send(made, job, bytes(1_000_000)).status_code == 200  # the limit itself is allowed


def test_all_uploads_together_have_a_limit_and_jobs_too():
    with client(ServeConfig(max_total_mb=0.001, max_jobs=2)) as made:
        made.get("/api/about")  # which waits for the processes
        first, second = start(made), start(made)
        assert send(made, first, bytes(900)).status_code == 200
        answer = send(made, second, bytes(900))
        assert answer.status_code == 503
        assert "no room" in answer.json()["error"]
        assert made.post("/api/jobs").status_code == 503
        made.delete(first)
        assert send(made, second, bytes(900)).status_code == 200
        assert made.post("/api/jobs").status_code == 201


def test_an_empty_file_is_refused(page):
    assert send(page, start(page), b"").json()["error"] == "stars.csv is empty."


def test_a_file_in_place_of_another_removes_it(page):
    job, root = start(page), folder_of(page)
    send(page, job, b"first", name="a.csv")
    send(page, job, b"second", name="b.ecsv")
    held = [path.read_bytes() for path in root.rglob("stars-*") if b"first" in path.read_bytes()]
    assert held == []
    assert page.delete(f"{job}/files/stars").json() == {"files": {}}
    assert page.post(f"{job}/infer", json={}).json()["error"].startswith("there are no files yet")


def test_a_failure_is_one_sentence_and_the_next_try_works(page):
    job = start(page)
    send(page, job, b"wrong")
    assert infer(page, job)["message"] == "the file is wrong: correct it."
    assert page.post(f"{job}/preview", json={}).json() == {"error": "the file is wrong: correct it."}
    send(page, job, b"right")
    assert infer(page, job)["state"] == "done"


def test_a_worker_that_dies_or_hangs_is_replaced():
    with client(ServeConfig(infer_seconds=4.0)) as made:
        for word, said in ((b"die", "broke off"), (b"hang", "longer than 4 s")):
            job = start(made)
            send(made, job, word)
            state = infer(made, job)
            assert state["state"] == "failed"
            assert said in state["message"]
            send(made, job, b"well")
            assert infer(made, job)["state"] == "done"


def test_many_at_a_time_do_not_mix():
    with client(arguments=(0.02,), workers=2) as made:
        jobs = [start(made) for _ in range(10)]
        for number, job in enumerate(jobs):
            send(made, job, f"galaxy {number}".encode())
        for job in jobs:
            assert made.post(f"{job}/infer", json={}).status_code == 202
        for number, job in enumerate(jobs):
            assert wait(made, job)["state"] == "done"
            assert made.get(f"{job}/results/profile.ecsv").text == f"galaxy {number}"


def test_a_busy_galaxy_is_left_alone_and_can_be_removed():
    with client(arguments=(0.4,)) as made:
        job, root = start(made), folder_of(made)
        send(made, job, b"slow")
        made.post(f"{job}/infer", json={})
        assert "being worked on" in send(made, job, b"other").json()["error"]
        assert "being worked on" in made.post(f"{job}/infer", json={}).json()["error"]
        time.sleep(0.1)
        made.delete(job)
        end = time.monotonic() + 20
        while list(root.iterdir()) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.6)
        assert not list(root.iterdir())


def test_a_galaxy_that_is_worked_on_can_be_looked_at():
    with client(arguments=(0.3,), workers=2) as made:
        job = start(made)
        send(made, job, b"x")
        made.post(f"{job}/infer", json={})
        assert made.post(f"{job}/preview", json={}).status_code == 200
        assert wait(made, job)["state"] == "done"


def test_the_queue_has_a_limit():
    with client(ServeConfig(max_waiting=2), arguments=(0.3,)) as made:
        jobs = [start(made) for _ in range(3)]
        answers = []
        for job in jobs:
            send(made, job, b"x")
            answers.append(made.post(f"{job}/infer", json={}).status_code)
        assert answers == [202, 202, 503]


def test_untouched_galaxies_are_removed_and_all_at_the_end():
    with client(ServeConfig(keep_minutes=1.0)) as made:
        jobs, root = made.app._app.state.jobs, folder_of(made)
        old, new = start(made), start(made)
        send(made, old, b"x")
        send(made, new, b"x")
        jobs._jobs[old.rsplit("/", 1)[-1]].touched -= 61
        assert jobs.sweep() == 1
        assert made.get(old).status_code == 404
        assert made.get(new).status_code == 200
        assert root.stat().st_mode & 0o077 == 0
        assert root.is_dir()
    assert not root.exists()


def test_ids_are_long_and_unlike(page):
    ids = {start(page) for _ in range(20)}
    assert len(ids) == 20
    assert all(len(one.rsplit("/", 1)[-1]) >= 32 for one in ids)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8000"}, 201),
        ({"host": "localhost:8000", "origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}, 201),
        ({"host": "[::1]:8000"}, 201),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost:8000", "origin": "http://evil.example"}, 403),
        ({"host": "localhost:8000", "origin": "null"}, 403),
        ({"host": "localhost:8000", "origin": "http://localhost:9000"}, 403),
        ({"host": "localhost:8000", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_only_this_servers_own_page_may_change_things(page, headers, status):
    assert page.post("/api/jobs", headers=headers).status_code == status


def test_reading_under_a_foreign_name_is_refused_and_no_origin_is_allowed(page):
    assert page.get("/", headers={"host": "evil.example"}).status_code == 403
    answer = page.get("/api/about", headers={"origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stars": "/etc/passwd"}, "there is no setting 'stars'"),
        ({"hi_cube": "/etc/passwd"}, "there is no setting"),
        ({"n_realizations": 10**9}, "there is no setting"),
        ({"n_draws": 10**6}, "the number of draws must be a number from 200 to 20000"),
        ({"n_draws": 200.5}, "must be a whole number"),
        ({"seed": -1}, "the seed must be"),
        ({"name": "a" * 81}, "the name must be a text of at most 80 characters"),
        ({"prior": ["bursty"]}, "the prior must be a text"),
        ({"ellipticity": 1}, "from 0 to 0.99"),
        ({"distance_kpc": "far"}, "a distance must be a number"),
        ({"distance_kpc": -3}, "from 0.1 to 1e+07"),
        ({"distance_kpc": "nan"}, "got 'nan'"),
        ({"distance_kpc": True}, "the distance must be a number"),
        ({"distance_kpc": [1]}, "the distance must be a number"),
        ({"center": [1]}, "the center needs two numbers"),
        ({"center": ["10", ""]}, "the center needs two numbers"),
        ({"center": [10, 95]}, "from -90 to 90"),
        ({"center": ["10:60:00", "5"]}, "minutes and seconds must be below 60"),
        ({"center": ["10:00:00", "5h"]}, "a declination is in degrees"),
        ({"center": ["10", [1]]}, "float"),
        ({"distance_kpc": "100 km"}, "a distance must be a number of kpc"),
        ({"R_hl_kpc": "5 arcmin"}, "needs a distance"),
        ({"distance_kpc": "1" * 500}, "at most 100 characters"),
        ({"distance_error_kpc": 3}, "no distance: give both"),
        ({"inclination_error_deg": 3}, "no inclination: give both"),
        ({"inclination_deg": 100}, "from 0 to 90"),
        ({"columns": {"speed": "x"}}, "a column can be named for one of"),
        ({"columns": {"ra": ["x"]}}, "a column can be named for one of"),
        ([], "settings must be an object"),
    ],
)
def test_impossible_settings_are_one_sentence(page, values, words):
    job = start(page)
    send(page, job, b"x")
    answer = page.post(f"{job}/infer", json=values)
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_settings_that_are_no_json_or_too_long(page):
    job = start(page)
    send(page, job, b"x")
    for body in (b"{", b"\xff", b"[" * 10_000):
        assert page.post(f"{job}/preview", content=body).json()["error"] == "the settings are not JSON."
    assert page.post(f"{job}/preview", content=b" " * 30_000).status_code == 413


def test_hi_says_what_is_missing(page):
    job = start(page)
    send(page, job, b"x", "hi_cube", "cube.fits")
    assert "distance is missing" in page.post(f"{job}/infer", json={}).json()["error"]
    assert "half-light radius" in page.post(f"{job}/infer", json={"distance_kpc": 900}).json()["error"]


def test_a_galaxy_of_the_local_volume_database_brings_its_distance(page):
    job = start(page)
    send(page, job, b"x", "hi_cube", "cube.fits")
    assert "distance is missing" in page.post(f"{job}/infer", json={"name": "Frnx"}).json()["error"]
    assert infer(page, job, name="Fornax")["result"]["name"] == "Fornax"
    assert "Fornax" in page.get("/api/about").json()["galaxies"]


def test_a_file_more_or_less_is_no_example_any_more(page):
    job = start(page)
    page.post(f"{job}/example/both")
    page.delete(f"{job}/files/hi_cube")
    assert page.get(job).json()["example"] == ""


def test_the_masses_come_before_the_files():
    with client(arguments=(0.4,)) as made:
        job = start(made)
        send(made, job, b"x")
        made.post(f"{job}/infer", json={"seed": 3})
        end, early = time.monotonic() + 20, {}
        while not early and time.monotonic() < end:
            early = made.get(job).json()
            early = early if early["result"] else {}
        assert (early["state"], early["phase"], early["result"]["files"]) == ("running", "errors", [])
        assert made.get(f"{job}/results/profile.ecsv").status_code == 404
        assert wait(made, job)["result"]["seed"] == 3
        assert made.get(f"{job}/results/profile.ecsv").status_code == 200


def test_a_stopped_inference_leaves_the_files_and_nothing_else():
    with client(arguments=(0.4,)) as made:
        job, root = start(made), folder_of(made)
        send(made, job, b"first")
        for _ in range(2):  # the first runs when it is stopped, the second waits behind it
            made.post(f"{job}/infer", json={})
            time.sleep(0.1)
            state = made.delete(f"{job}/infer").json()
            assert (state["state"], state["result"], list(state["files"])) == ("open", None, ["stars"])
        assert infer(made, job, seed=7)["result"]["seed"] == 7
        time.sleep(0.3)
        assert [path.name for path in root.rglob("result-*")] == ["result-3"]
        assert made.delete(f"{job}/infer").json()["state"] == "done"  # too late: the answer stays


def test_examples_bring_their_files_and_numbers(page):
    about = page.get("/api/about").json()
    for name in about["examples"]:
        job = start(page)
        answer = page.post(f"{job}/example/{name}").json()
        assert answer["files"]
        assert answer["values"]["distance_kpc"] > 0
        assert page.get(job).json()["example"] == name
        assert page.post(f"{job}/preview", json=answer["values"]).status_code == 200
    assert page.post(f"{start(page)}/example/..%2fx").status_code in (404, 422)


def test_only_examples_that_the_model_can_do_are_offered(page):
    assert set(page.get("/api/about").json()["examples"]) == {"both", "stars", "hi"}
    with client(arguments=(0.0, ("stars", "gas"))) as made:
        assert set(made.get("/api/about").json()["examples"]) == {"both"}


def test_previews_have_a_limit_and_a_later_one_replaces_the_one_that_waits():
    with client(ServeConfig(max_waiting=1), arguments=(0.5,)) as made:
        made.get("/api/about")  # which waits for the processes
        first, second = start(made), start(made)
        for job in (first, second):
            send(made, job, b"x")
        with ThreadPoolExecutor(4) as threads:

            def ask(job, pause):
                time.sleep(pause)
                return made.post(f"{job}/preview", json={})

            # one runs, one waits; a third of another visitor is one too many, a third of the same visitor replaces it
            answers = [threads.submit(ask, job, 0.1 * k) for k, job in enumerate((first, second, second, first))]
            codes = [answer.result().status_code for answer in answers]
        assert codes == [200, 422, 200, 503]


def test_inferences_are_hardly_delayed_by_previews():
    with client(arguments=(0.15,)) as made:
        jobs = [start(made) for _ in range(9)]
        for job in jobs:
            send(made, job, b"x")
        with ThreadPoolExecutor(8) as threads:
            previews = [threads.submit(made.post, f"{job}/preview", json={}) for job in jobs[1:]]
            time.sleep(0.2)
            made.post(f"{jobs[0]}/infer", json={})
            wait(made, jobs[0])
            still_waiting = sum(not preview.done() for preview in previews)
        assert still_waiting >= 3  # it did not wait for all of them


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_full_disk_is_a_sentence(monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with client() as made:
        job = start(made)
        monkeypatch.setattr("stargas.serve.uploads._check_received", full)
        answer = send(made, job, b"x")
        assert answer.status_code == 507
        assert "disk is full" in answer.json()["error"]
        monkeypatch.undo()
        assert send(made, job, b"x").status_code == 200


@pytest.mark.parametrize("origin", ["http://[", "null", "http://[::1", "\u00ff"])
def test_a_broken_origin_is_a_sentence(page, origin):
    answer = page.post("/api/jobs", headers={"origin": origin.encode("latin-1")})
    assert answer.status_code == 403
    assert "only the page of this server" in answer.json()["error"]


def test_a_forecast_takes_numbers_and_gives_tables(page):
    assert "Plan an observation" in page.get("/forecast").text
    job = start(page)
    answer = page.post(f"{job}/forecast", json={"stellar_mass_msun": "1e7", "R_hl_kpc": "500 pc", "n_stars": 100})
    assert answer.json()["planned"] == "100 stars"
    assert json.loads(answer.json()["given"]) == {
        "R_hl_kpc": 0.5,
        "stellar_mass_msun": "1e+07 0dex",
        "n_stars": 100,
    }
    refused = page.post(f"{job}/forecast", json={"stellar_mass_msun": "1e7"})
    assert (refused.status_code, refused.json()["error"][:23]) == (422, "the half-light radius i")
