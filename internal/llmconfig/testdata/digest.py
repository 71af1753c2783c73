"""The digest of a config, written again from docs/reference/digest.md.

Usage: digest.py FOLDER checks every vector in FOLDER. It needs nothing but
Python 3, because the vectors' files are JSON.
"""

import hashlib
import json
import math
import pathlib
import posixpath
import re
import sys


def number(x):
    """ECMAScript's Number::toString."""
    if isinstance(x, int):
        if abs(x) > 2**53:
            raise ValueError(f"{x} is beyond 2^53")
        return str(x)
    if x == 0:
        return "0"
    if math.isnan(x) or math.isinf(x):
        raise ValueError("not finite")
    sign, x = ("-", -x) if x < 0 else ("", x)
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    k, n = len(digits), point
    if k <= n <= 21:
        return sign + digits + "0" * (n - k)
    if 0 < n <= 21:
        return sign + digits[:n] + "." + digits[n:]
    if -6 < n <= 0:
        return sign + "0." + "0" * -n + digits
    e = f"e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return sign + digits[0] + ("." + digits[1:] if k > 1 else "") + e


SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def text(s):
    return '"' + "".join(SHORT.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in s) + '"'


def canonical(v):
    """RFC 8785."""
    if v is None or isinstance(v, bool):
        return {None: "null", True: "true", False: "false"}[v]
    if isinstance(v, (int, float)):
        return number(v)
    if isinstance(v, str):
        return text(v)
    if isinstance(v, list):
        return "[" + ",".join(map(canonical, v)) + "]"
    keys = sorted(v, key=lambda k: k.encode("utf-16-be"))
    return "{" + ",".join(text(k) + ":" + canonical(v[k]) for k in keys) + "}"


def sha(s):
    return hashlib.sha256(s.encode()).hexdigest()


def resolve(file, written):
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), written))


WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff]")


def tag_tokens(s, start, closing):
    """Words and quoted texts from start to the closing mark: (end, [(start, end, quoted)])."""
    depth, found, i = 0, [], start
    while i < len(s):
        c = s[i]
        if depth == 0 and s.startswith(closing, i):
            return i + 2, found
        if c in "\"'":
            n = i + 1
            while n < len(s) and s[n] != c:
                n += 2 if s[n] == "\\" else 1
            n = min(n + 1, len(s))
            found.append((i, n, True))
            i = n
            continue
        if WORD.match(c):
            n = i
            while n < len(s) and (WORD.match(s[n]) or s[n] in "0123456789"):
                n += 1
            found.append((i, n, False))
            i = n
            continue
        depth = depth + 1 if c in "([{" else max(0, depth - 1) if c in ")]}" else depth
        i += 1
    return len(s), found


def scan(s):
    """Yields (text, tokens): tokens are None outside of tags."""
    i = last = 0
    while True:
        i = s.find("{", i)
        if i < 0:
            break
        kind = s[i : i + 2]
        if kind == "{#":
            end = s.find("#}", i + 2)
            i = len(s) if end < 0 else end + 2
        elif kind == "{{":
            i, _ = tag_tokens(s, i + 2, "}}")
        elif kind == "{%":
            end, found = tag_tokens(s, i + 2, "%}")
            if found and s[found[0][0] : found[0][1]] == "raw":
                close = re.compile(r"\{%[-+]*\s*endraw.*?%\}", re.S).search(s, end)
                i = close.end() if close else len(s)
                continue
            yield s[last:i], None
            yield s[i:end], [(a - i, b - i, q) for a, b, q in found]
            i = last = end
        else:
            i += 1
    yield s[last:], None


def names(tag, found):
    """The quoted texts of a tag that are names of templates: (start, end)."""
    word = lambda t: tag[t[0] : t[1]]
    if not found or found[0][2] or word(found[0]) not in ("include", "import", "from", "extends"):
        return []
    condition, out = False, []
    for t in found:
        if not t[2]:
            condition = word(t) == "if" or (condition and word(t) != "else")
        elif not condition:
            out.append(t[:2])
    return out


def plain(s):
    return s.removeprefix("\ufeff").replace("\r\n", "\n")


class Project:
    def __init__(self, vector):
        self.files = {k: plain(v) for k, v in vector["files"].items()}
        self.env, self.engines, self.path = vector["env"], vector["engines"], vector["config"]

    def reached(self, s, file, order):
        """Templates that a text reaches, each once, in the order of first mention, depth first."""
        for tag, found in scan(s):
            for a, b in names(tag, found or []):
                at = resolve(file, tag[a + 1 : b - 1])
                if at in self.files and at not in order:
                    order.append(at)
                    self.reached(self.files[at], at, order)
        return order

    def numbered(self, s, file, order):
        out = []
        for tag, found in scan(s):
            word_ifs = sum(1 for a, b, q in found or [] if not q and tag[a:b] == "if")
            last = 0
            for a, b in names(tag, found or []) if word_ifs <= 1 else []:
                at = resolve(file, tag[a + 1 : b - 1])
                if "\\" not in tag[a:b] and at in order:
                    out.append(f"{tag[last:a]}#{order.index(at) + 1}")
                    last = b
            out.append(tag[last:])
        return "".join(out)

    def template(self, s, file):
        order = [n for n in self.reached(s, file, [])]
        form = {"template": self.numbered(s, file, order)}
        if order:
            form["includes"] = [self.numbered(self.files[n], n, order) for n in order]
        return form

    def message(self, m):
        if "turns" in m:
            return {"turns": m["turns"]}
        if "file" in m:
            at = resolve(self.path, m["file"])
            form = self.template(self.files[at], at)
        else:
            form = self.template(m.get("content", ""), self.path)
        form["role"] = m["role"]
        for field in ("name", "tool_call_id", "tool_calls"):
            if m.get(field):
                form[field] = m[field]
        return form

    def value(self, v):
        """A value that stands in the config, or in a file that it names."""
        return json.loads(self.files[resolve(self.path, v)]) if isinstance(v, str) else v

    def tool(self, v):
        v = self.value(v)
        return v["function"] if v.get("type") == "function" and "function" in v else v

    def matching(self, patterns):
        """Files by their path relative to the deepest folder that all patterns share, with digests."""
        patterns = [resolve(self.path, p) for p in ([patterns] if isinstance(patterns, str) else patterns)]
        folders = [posixpath.dirname(re.split(r"[*?\[{\\]", p)[0] + "x" if re.search(r"[*?\[{\\]", p) else p) for p in patterns]
        root = posixpath.commonpath(folders) if all(folders) else ""
        regexes = [re.escape(p).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*") for p in patterns]
        found = [f for f in self.files if any(re.fullmatch(r, f) for r in regexes)]
        return {f[len(root) + 1 :] if root else f: sha(self.files[f]) for f in found}

    def canonical(self):
        c = json.loads(self.files[self.path])
        form = {"format": 1, "engines": self.engines}
        for part in ("model", "params", "input", "tool_choice", "fallbacks"):
            if c.get(part):
                form[part] = c[part]
        if "output" in c:
            form["output"] = {"schema": self.value(c["output"]["schema"])}
        if c.get("messages"):
            form["messages"] = [self.message(m) for m in c["messages"]]
        if c.get("tools"):
            form["tools"] = [self.tool(t) for t in c["tools"]]
        if c.get("guardrails"):
            form["guardrails"] = [self.value(g) for g in c["guardrails"]]
        if "script" in c:
            form["script"] = self.value(c["script"])
        if "retrieval" in c:
            r = {k: v for k, v in c["retrieval"].items() if k not in ("corpus", "query")}
            r["corpus"] = self.matching(c["retrieval"]["corpus"])
            if "query" in c["retrieval"]:
                r["query"] = self.template(c["retrieval"]["query"], self.path)
            form["retrieval"] = r
        if "target" in c:
            form["target"] = {k: v for k, v in c["target"].items() if k != "timeout"}
        if "answers" in c:
            a = c["answers"]
            rows = self.files[resolve(self.path, a["file"])]
            form["answers"] = {"fields": {k: v for k, v in a.items() if k != "file"}, "rows": sha(rows)}
        if "version" in c:
            v = {}
            if c["version"].get("files"):
                v["files"] = self.matching(c["version"]["files"])
            if c["version"].get("env"):
                v["env"] = {n: sha(self.env[n]) if n in self.env else None for n in c["version"]["env"]}
            form["version"] = v
        return form


def main(folder):
    bad = False
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        form = canonical(Project(vector).canonical())
        good = sha(form) == vector["digest"] and form == canonical(vector["canonical"])
        bad = bad or not good
        print("ok " if good else "BAD", path.name)
        if not good:
            print("  is  ", form, "\n  want", canonical(vector["canonical"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
