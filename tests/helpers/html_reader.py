"""HTML pages as a reader of them sees them."""

import re
from html.parser import HTMLParser


class Reader(HTMLParser):
    """Collects what a page refers to and checks that its tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.references, self.alts, self.ids, self.text = [], [], [], set(), []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in {"meta", "img", "br", "link"}:
            self.open.append(tag)
        self.references += [attrs[k] for k in ("src", "href") if k in attrs]
        if tag == "img":
            self.alts.append(attrs.get("alt", ""))
        if "id" in attrs:
            self.ids.add(attrs["id"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    reader = Reader()
    reader.feed(path.read_text())
    assert reader.open == []
    for reference in reader.references:
        assert reference.startswith(("data:image/png;base64,", "#")), reference[:80]
        if reference.startswith("#"):
            assert reference[1:] in reader.ids
    assert all(len(alt) > 30 for alt in reader.alts)
    assert not re.search(r"https?://|@import|url\(", path.read_text())
    return reader
