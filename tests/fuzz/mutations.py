"""Ways in which files break, or are made to break their readers.

A mutation takes the content of a file and a random generator and returns a changed content. Those of a format know its
structure, so that what they change is still found by a reader; those of bytes do not.
"""

import io
import json
import re

import h5py
import numpy as np

NUMBERS = (
    "nan", "inf", "-inf", "-1", "0", "-0.0", "1e-320", "1e308", "1e400", "1e30", "-1e30", "1e-30", "-999", "99.99",
    "9e9", "2147483648", "-9223372036854775809", "9" * 30, "0x10", "1_000", "1d5", "1,5", "--", "", " ", "true",
    "null", "abc", "''", "[]", "{}", "1e", "+", ".", "٣", "1 2",
)  # fmt: skip
"""Texts that stand where a number is expected."""

TOKENS = (
    b"\n", b"\r", b"\0", b'"', b"'", b",", b",,", b";", b"\t", b"#", b"# ", b"<", b">", b"</", b"&x;", b"]]>",
    b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"}", b"[" * 50, b"(" * 50, b": ", b"- ", b"&a ", b"*a",
    b"!!python/object:os.system", b"NAXIS2", b"END", b"unit: m", b"unit: 10**9999999999", b'unit="m99999999"',
    b"datatype: object", b"datatype: complex128", b"TDIM1", b'arraysize="99999999"', b'arraysize="*"',
    b'datatype="unicodeChar"', b'nrows="999999999"', b"<!ENTITY x 'y'>", b"CONTINUE  'x&'", b"deg", b"mas", b"km/s",
    b"hourangle", b"\xc3\xa9", "ν".encode(), b"9" * 30, b"1e400", b"-999",
)  # fmt: skip

CARDS = (
    *(f"{name}{axis}" for name in ("NAXIS", "CTYPE", "CRVAL", "CDELT", "CRPIX", "CUNIT") for axis in (1, 2, 3)),
    *(f"{name}{axis}" for name in ("TFORM", "TTYPE", "TUNIT", "TDIM", "TNULL", "TZERO", "TSCAL") for axis in (1, 2)),
    "CD1_1", "CD2_2", "PC1_1", "PC1_2", "PV2_1", "LONPOLE", "LATPOLE", "EQUINOX", "RADESYS", "SPECSYS", "VELREF",
    "BUNIT", "BMAJ", "BMIN", "BPA", "RESTFRQ", "RESTFREQ", "BSCALE", "BZERO", "BLANK", "BITPIX", "NAXIS", "PCOUNT",
    "GCOUNT", "TFIELDS", "THEAP", "EXTNAME", "XTENSION", "WCSAXES", "A_ORDER", "ZIMAGE", "ZCMPTYPE", "ZNAXIS",
    "SIMPLE", "CONTINUE", "HISTORY",
)  # fmt: skip

CARD_VALUES = (
    "NAN", "-1", "0", "1", "3", "1E30", "-1E300", "1E-30", "1D400", "100000000", "99999999999999999999", "-0.5", "T",
    "''", "'RA---TAN'", "'RA---SIN'", "'DEC--NCP'", "'GLON-CAR'", "'FREQ'", "'VELO-LSR'", "'VOPT-F2W'", "'WAVE'",
    "'STOKES'", "'Jy/beam'", "'K'", "'10**9999999999 Jy'", "'m/s'", "'km s-1'", "'furlong'", "'M99999999'",
    "'1PE(99999999)'", "'999999999E'", "'A'", "'(1,2,3)'", "'BEAMS'", "'IMAGE   '", "'RICE_1'", "'FK4'", "'&'",
    "1950", "(1.0, 2.0)", ("'" + "x" * 70), "/",
)  # fmt: skip

VALUES = (
    np.nan, np.inf, -1.0, 0.0, 1e300, -1e300, 1e30, 1e-300, -1, 0, 2**31, -(2**63), b"\xff", "", "text", "SWIFT", [],
    [1.0, 2, 3], [[1.0, 2.0]], [np.nan] * 6, 1 + 2j, True,
)  # fmt: skip
"""Values of attributes and data sets of HDF5."""

JSON_VALUES = (
    None, True, -1, 0, 10**9, 10**30, 10**400, 1e308, -1e308, 0.5, "", "x", "../../x", "custom", [], {}, [[]], [None],
    [1, 2], {"x": 1},
)  # fmt: skip


def change_bytes(content, rng):
    """Cut, delete, repeat or overwrite in one to four places."""
    changed = bytearray(content)
    for _ in range(1 + rng.poisson(0.7)):
        place, length = int(rng.integers(0, max(len(changed), 1))), int(rng.integers(1, 40))
        match rng.integers(7):
            case 0:
                del changed[place:]
            case 1:
                del changed[place : place + length]
            case 2:
                changed[place:place] = TOKENS[rng.integers(len(TOKENS))]
            case 3:
                changed[place : place + 1] = rng.bytes(1)
            case 4:
                changed[place : place + length] = rng.bytes(length)
            case 5:
                changed[place:place] = changed[place : place + 10 * length]
            case 6:
                token = TOKENS[rng.integers(len(TOKENS))]
                changed[place : place + len(token)] = token
    return bytes(changed)


def change_numbers(content, rng):
    """Put something else where a text has numbers: in one to four places, or in a whole column."""
    text = content.decode("latin-1")
    found = list(re.finditer(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", text))
    if not found:
        return change_bytes(content, rng)
    if rng.random() < 0.15:
        new = NUMBERS[rng.integers(len(NUMBERS))]
        first, step = int(rng.integers(6)), int(rng.integers(1, 7))
        chosen = found[first::step]
        news = [new] * len(chosen)
    else:
        chosen = [found[i] for i in sorted(set(rng.integers(0, len(found), 1 + rng.poisson(0.7)).tolist()))]
        news = [NUMBERS[rng.integers(len(NUMBERS))] for _ in chosen]
    if rng.random() < 0.2:  # scaled, as by another unit
        factor = 10.0 ** rng.integers(-30, 31)
        news = [repr(float(one.group()) * factor) for one in chosen]
    for one, new in zip(reversed(chosen), reversed(news), strict=True):
        text = text[: one.start()] + new + text[one.end() :]
    return text.encode("latin-1", "replace")


def change_lines(content, rng):
    """Delete, repeat or swap lines, or change a word of the first ones."""
    lines = content.split(b"\n")
    for _ in range(1 + rng.poisson(0.5)):
        one, two = (int(rng.integers(0, len(lines))) for _ in range(2))
        match rng.integers(5):
            case 0:
                del lines[one : one + int(rng.integers(1, 4))]
            case 1:
                lines[one:one] = lines[two : two + int(rng.integers(1, 30))]
            case 2:
                lines[one], lines[two] = lines[two], lines[one]
            case 3:
                words = re.split(rb"(\W+)", lines[min(one, 3) % len(lines)])
                words[int(rng.integers(0, len(words)))] = TOKENS[rng.integers(len(TOKENS))]
                lines[min(one, 3) % len(lines)] = b"".join(words)
            case 4:
                lines[one] = lines[one] * int(rng.integers(2, 200))
        lines = lines or [b""]
    return b"\n".join(lines)


def change_cards(content, rng):
    """Change, delete, repeat or add cards of the headers of a FITS file."""
    changed = bytearray(content)
    starts = [start for start in range(0, len(content) - 79, 80) if _is_card(content[start : start + 80])]
    for _ in range(1 + rng.poisson(0.5)):
        start = int(rng.choice(starts)) if starts else 0
        keyword = changed[start : start + 8].decode("latin-1")
        value = CARD_VALUES[rng.integers(len(CARD_VALUES))]
        match rng.integers(6):
            case 0 | 1:
                card = f"{keyword}= {value:>20}"
            case 2 | 3:
                card = f"{CARDS[rng.integers(len(CARDS))]:<8}= {value:>20}"
            case 4:
                card = " " * 80
            case _:
                other = int(rng.choice(starts)) if starts else 0
                card = changed[other : other + 80].decode("latin-1")
        changed[start : start + 80] = card.ljust(80)[:80].encode("latin-1")
    return bytes(changed)


def _is_card(card):
    return bool(re.match(rb"[A-Z][A-Z0-9_-]{0,7} *(=|$| )", card)) and all(32 <= byte < 127 for byte in card)


def change_floats(content, rng):
    """Overwrite aligned numbers of four or eight bytes, in either byte order."""
    changed = bytearray(content)
    kind = rng.choice([">f4", "<f4", ">f8", "<f8", ">i4", "<i4"])
    size = np.dtype(kind).itemsize
    values = (np.nan, np.inf, -np.inf, 0, -1, 1e30, -1e30, 1e-30, 1e300, 2147483647)
    for _ in range(rng.integers(1, 20)):
        place = size * int(rng.integers(0, max(len(changed) // size, 1)))
        with np.errstate(all="ignore"):
            value = np.array(values[rng.integers(len(values))]).astype(kind)
        changed[place : place + size] = value.tobytes()
    return bytes(changed)


def change_hdf5(content, rng):
    """Change attributes, data sets and groups of an HDF5 file, one to three of them."""
    buffer = io.BytesIO(content)
    try:
        with h5py.File(buffer, "r+") as file:
            for _ in range(1 + rng.poisson(0.5)):
                names = ["/"]
                file.visit(names.append)
                name = names[rng.integers(len(names))]
                if rng.random() < 0.4:
                    _change_attribute(file[name], rng)
                elif isinstance(file[name], h5py.Dataset):
                    if file[name].size < 1e6:  # it was not made to declare much before
                        _change_dataset(file, name, rng)
                elif name != "/":
                    _change_group(file, name, rng)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError):  # it cannot be so
        return change_bytes(content, rng)
    changed = buffer.getvalue()
    return change_bytes(changed, rng) if rng.random() < 0.1 else changed


def _change_attribute(thing, rng):
    names = list(thing.attrs)
    if not names:
        return
    name = names[rng.integers(len(names))]
    match rng.integers(4):
        case 0:
            del thing.attrs[name]
        case 1:
            thing.attrs[name] = h5py.Empty("f8")
        case 2:
            try:
                thing.attrs[name] = np.asarray(thing.attrs[name]) * 10.0 ** rng.integers(-40, 40)
            except TypeError:
                thing.attrs[name] = -1
        case _:
            thing.attrs[name] = VALUES[rng.integers(len(VALUES))]


def _change_dataset(file, name, rng):
    values, attributes = file[name][()], dict(file[name].attrs)
    array = np.array(values)
    del file[name]
    options = {}
    match rng.integers(10):
        case 0:
            return
        case 1:
            array = array.astype(rng.choice(["f4", ">f8", "i8", "u1", "S5", "c16", "bool", "f2"]))
        case 2:
            array = array[: int(rng.integers(0, max(len(np.atleast_1d(array)), 1)))] if array.ndim else array
        case 3:
            array = np.concatenate([array, array]) if array.ndim else array
        case 4:
            array = array.reshape(-1, 1) if rng.random() < 0.5 else array.T
        case 5 | 6 | 7:
            array = np.array(array, dtype=np.float64)
            flat = array.reshape(-1)
            some = rng.integers(0, max(flat.size, 1), rng.integers(1, 6)) if rng.random() < 0.7 else slice(None)
            if flat.size:
                flat[some] = (np.nan, np.inf, -np.inf, -1, 0, 1e30, -1e30, 1e-30, 1e300)[rng.integers(9)]
        case 8:
            array = np.array(array, dtype=np.float64) * 10.0 ** rng.integers(-30, 31)
        case _:
            options = {"shape": (int(10 ** rng.integers(3, 12)), *array.shape[1:]), "dtype": "f8", "chunks": True}
    dataset = file.create_dataset(name, **(options or {"data": array}))
    if rng.random() < 0.8:
        dataset.attrs.update(attributes)


def _change_group(file, name, rng):
    match rng.integers(6):
        case 0:
            del file[name]
        case 1:
            file[f"{name}/itself"] = file["/"]
        case 2:
            file[f"{name}/Coordinates2"] = h5py.SoftLink("/nowhere")
        case 3:
            del file[name]
            file[name] = VALUES[rng.integers(len(VALUES))]
        case 4:
            del file[name]
            file[name] = h5py.SoftLink(f"/{name}")
        case _:
            file.move(name, f"{name}x")


def change_json(content, rng):
    """Replace, delete or repeat values of a JSON file, wherever they stand."""
    try:
        value = json.loads(content)
    except ValueError:
        return change_bytes(content, rng)
    for _ in range(1 + rng.poisson(0.5)):
        places = list(_places(value))
        if not places:
            break
        inside, key = places[rng.integers(len(places))]
        try:
            match rng.integers(6):
                case 0:
                    del inside[key]
                case 1 if isinstance(inside, list):
                    inside += inside
                case 2 if isinstance(inside, dict):
                    inside[f"{key}x"] = inside[key]
                case _:
                    inside[key] = JSON_VALUES[rng.integers(len(JSON_VALUES))]
        except (KeyError, IndexError):  # it went with an earlier one
            continue
    return json.dumps(value).encode()


def _places(value, depth=0):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items)[:200]:
        yield value, key
        if depth < 8:
            yield from _places(inner, depth + 1)
