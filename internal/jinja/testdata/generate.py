"""Writes jinja2.jsonl: what Jinja2 itself makes of the templates below.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install jinja2==3.1.6 markupsafe==3.0.4
    /tmp/venv/bin/python generate.py > jinja2.jsonl

One JSON object a line: template, vars, templates (for the loader) and either
output or error. An error means that Jinja2 refuses the template or its values.
"""

import json
import sys

import jinja2

assert jinja2.__version__ == "3.1.6", jinja2.__version__

VARS = {
    "name": "Ada",
    "empty": "",
    "text": "The quick brown fox\njumps over the lazy dog.",
    "uni": "Straße café ΑΣ",
    "html": "<b>\"Tom\" & 'Jerry'</b>",
    "n": 42,
    "neg": -7,
    "f": 3.14159,
    "half": 2.5,
    "yes": True,
    "no": False,
    "nothing": None,
    "nums": [3, 1, 2],
    "mixed": [1, "a", 2.5, None, True],
    "words": ["apple", "Banana", "cherry", "apple"],
    "nested": {"a": {"b": {"c": "deep"}}, "list": [{"x": 1}, {"x": 2}]},
    "users": [
        {"age": 30, "name": "Zoe", "role": "dev", "tags": ["x", "y"]},
        {"age": 25, "name": "adam", "role": "ops", "tags": []},
        {"age": 35, "name": "Bob", "role": "dev", "tags": ["z"]},
    ],
    "conf": {"alpha": 1, "beta": [1, 2], "gamma": {"k": "v"}},
    "docs": [
        {"content": "First text.", "id": "d1", "score": 0.91},
        {"content": "Second text.", "id": "d2", "score": 0.5},
    ],
}

TEMPLATES = {
    "hello": "Hello {{ name }}!",
    "row": "[{{ u.name }}{% if loop is defined %}:{{ loop.index }}{% endif %}]",
    "noctx": "{{ name is defined }}{% set inner = 1 %}{{ inner }}",
    "macros": (
        "{% set version = 2 %}{% set _private = 3 %}"
        "{% macro field(label, value='-') %}{{ label }}={{ value }};{% endmacro %}"
        "{% macro outer(x) %}<{{ field(x, version) }}>{% endmacro %}"
        "{% macro who() %}{{ name is defined }}{% endmacro %}text"
    ),
    "base": (
        "<{% block title %}base{% endblock %}|{% block body %}empty {{ name }}{% endblock %}"
        "|{% block foot %}foot{% endblock %}>"
    ),
    "middle": "{% extends 'base' %}{% block title %}mid-{{ super() }}{% endblock %}{% block foot %}F{% endblock %}",
    "listy": "{% for x in nums %}{% block item scoped %}({{ x }}){% endblock %}{% endfor %}",
    "needs": "{% block must required %}{% endblock %}",
    "sets": "{% set leaked = 'inside' %}{{ leaked }}",
    "nl": "line\n",
}

# One template a line; ⏎ stands for a line break in its text.
CASES = """
plain text

line one
two {{ name }}⏎
{{ name }}
{{name}}
{{ 'a' }}{{ "b" }}{{ 'it\\'s' }}{{ "q\\"q" }}
{{ 'tab\\tnew\\nline' }}{{ '\\x41\\u00e9' }}{{ '\\d' }}{{ '\\101' }}
{{ 'a' 'b' "c" }}
a {#- comment -#} b
a {# comment #} b
{# {{ not parsed }} {% nor this %} #}x
a  {{- name -}}  b
a {{+ n }}
{{-5 }}
a⏎  {%- if yes %}  b  {%- endif %}⏎ c
a⏎  {% if yes -%}  b  {% endif -%}⏎ c
{%+ if yes %}p{%+ endif %}
{% raw %}{{ name }} {% if %}{% endraw %}
a {%- raw -%}  {{ x }}  {%- endraw -%} b
{ % {{ '{{' }} }} %} #}
{{ 1 }}{{ 1.5 }}{{ 1e3 }}{{ 1.0 }}{{ 0x1F }}{{ 0b101 }}{{ 0o17 }}{{ 1_000 }}
{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1.5e-7 }} {{ 123456789012345680.0 }} {{ 1e22 }}
{{ true }} {{ false }} {{ none }} {{ True }} {{ False }} {{ None }}
{{ [] }} {{ [1, 'a', none] }} {{ (1, 2) }} {{ (1,) }} {{ () }} {{ {} }} {{ {'a': 1, 2: 'b'} }}
{{ 1, 2 }}
{{ ['it\\'s', 'q"q', 'both\\'"', 'new\\nline', 'tab\\t', 'é', '\\x00', '\\u200b'] }}
{{ [1,] }} {{ {'a': 1,} }}
{{ nested.a.b.c }} {{ nested['a']['b'].c }} {{ nested.list[1].x }} {{ nested.list.0.x }}
{{ nums[0] }} {{ nums[-1] }} {{ name[0] }} {{ name[-1] }} {{ uni[4] }}
{{ nums[1:] }} {{ nums[:2] }} {{ nums[::2] }} {{ nums[::-1] }} {{ nums[-2:] }} {{ nums[5:] }} {{ nums[0:10:2] }}
{{ name[1:] }} {{ name[::-1] }} {{ uni[:6] }} {{ uni[::-1] }} {{ uni[3:9:2] }} {{ text[-4:-1] }}
{{ (1,2,3)[1:] }} {{ range(10)[2:5] | list }} {{ range(10)[-1] }}
{{ 1 + 2 }} {{ 5 - 7 }} {{ 3 * 4 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }}
{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2.0 ** 0.5 }}
{{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 7 % 2.5 }} {{ 1 + 1.0 }} {{ 0.1 + 0.2 }}
{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 10 - 3 - 2 }} {{ 100 / 10 / 2 }} {{ +5 }} {{ -n }} {{ - 5 + 3 }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 3 * 'x' }} {{ 'x' * -1 }}| {{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,) }}
{{ 1 ~ 2 }} {{ 'a' ~ 1 ~ none ~ true }} {{ '1' + 1 ~ 1 }} {{ 2 ~ 3 * 2 }}
{{ 1 + 1 ~ 1 }}
{{ True + 1 }} {{ true * 3 }} {{ -true }}
{{ 1 == 1.0 }} {{ 1 != 2 }} {{ 'a' < 'b' }} {{ [1,2] < [1,3] }} {{ (1,) == (1,) }} {{ [1] == (1,) }} {{ none == false }} {{ true == 1 }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1 == 1 }} {{ 3 > 2 >= 2 }} {{ 'a' == 'a' != 'b' }}
{{ 1 in [1,2] }} {{ 'a' in 'abc' }} {{ 'z' not in 'abc' }} {{ 'alpha' in conf }} {{ 5 in range(10) }} {{ 5.0 in range(10) }} {{ 1 in (2,) }}
{{ 5 in range(0, 10, 2) }} {{ 4 in range(0, 10, 2) }} {{ 10 in range(10, 0, -3) }} {{ 'x' in range(3) }}
{{ yes and no }} {{ yes or no }} {{ not yes }} {{ 'a' or 'b' }} {{ '' or 'b' }} {{ 0 and 1 }} {{ not not n }} {{ 1 and 2 or 3 }}
{{ not 1 == 2 }} {{ not yes or yes }} {{ 1 if yes else 2 }} {{ 1 if no else 2 }} {{ 'a' if no else 'b' if no else 'c' }}
{{ ('x' if yes) }}
{{ 'a' if n > 40 and name else 'b' }} {{ (1 if no else 2) + 1 }}
{{ n is number }} {{ name is number }} {{ yes is number }} {{ n is integer }} {{ yes is integer }} {{ f is float }} {{ n is float }}
{{ name is string }} {{ n is string }} {{ conf is mapping }} {{ nums is mapping }} {{ nums is sequence }} {{ name is sequence }} {{ conf is sequence }} {{ n is sequence }}
{{ nums is iterable }} {{ name is iterable }} {{ n is iterable }} {{ yes is boolean }} {{ n is boolean }} {{ yes is true }} {{ no is false }} {{ 1 is true }}
{{ missing is defined }} {{ name is defined }} {{ missing is undefined }} {{ conf.zzz is defined }} {{ conf.alpha is defined }} {{ missing is none }} {{ nothing is none }}
{{ missing is string }} {{ missing is mapping }} {{ missing is sequence }} {{ missing is not defined }} {{ missing is number }}
{{ 3 is odd }} {{ 3 is even }} {{ 6 is divisibleby 3 }} {{ 6 is divisibleby(4) }} {{ 3 is eq 3 }} {{ 3 is ne(3) }} {{ 3 is lt 4 }} {{ 3 is gt 4 }} {{ 3 is ge 3 }} {{ 3 is le 2 }}
{{ 3 is equalto 3 }} {{ 3 is sameas 3 }} {{ none is sameas none }} {{ 2 is in [1,2] }} {{ 'a' is lower }} {{ 'A' is upper }} {{ 'Ab' is upper }} {{ '1' is lower }}
{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ range is callable }} {{ n is callable }}
{{ not n is odd }} {{ n is not odd }} {{ n is even and yes }} {{ n is number or missing }} {{ 'a' is in 'abc' }}
{{ n is not none and n is not string }}
{% if yes %}a{% endif %}{% if no %}b{% else %}c{% endif %}{% if no %}d{% elif yes %}e{% else %}f{% endif %}
{% if no %}{% elif no %}{% elif 0 %}{% else %}last{% endif %}
{% if [] %}a{% else %}b{% endif %}{% if '' %}a{% else %}b{% endif %}{% if nothing %}a{% else %}b{% endif %}{% if 0.0 %}a{% else %}b{% endif %}{% if conf %}a{% endif %}
{% if yes: %}colon{% endif %}
{% for x in nums %}{{ x }},{% endfor %}
{% for x in [] %}a{% else %}none{% endfor %}{% for x in nums %}a{% else %}none{% endfor %}
{% for x in nums %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}
{% for x in nums %}{{ loop.previtem if not loop.first else '^' }}<{{ x }}>{{ loop.nextitem if not loop.last else '$' }} {% endfor %}
{% for x in nums %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}
{% for x in nums if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }}{{ loop.last }} {% endfor %}
{% for x in nums if x > 9 %}{{ x }}{% else %}nothing{% endfor %}
{% for k, v in conf.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in conf %}{{ k }}{% endfor %} {% for c in name %}{{ c }}.{% endfor %} {% for c in uni[:5] %}{{ c }}.{% endfor %}
{% for a, b in [(1, 2), [3, 4]] %}{{ a }}-{{ b }} {% endfor %}{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(1, 10, 4) %}{{ i }}{% endfor %} {% for i in range(3, 0, -1) %}{{ i }}{% endfor %}
{% for x in 1, 2, 3 %}{{ x }}{% endfor %}
{% for i in range(3) %}{% for j in range(2) %}{{ loop.index }}{{ i }}{{ j }} {% endfor %}{{ loop.index }}|{% endfor %}
{% for x in nums %}{{ loop.cycle('odd', 'even') }} {% endfor %}
{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}
{% for u in users recursive %}{{ u.name }}{% if loop.depth == 1 %}({{ loop(users[:1]) }}){% endif %} {% endfor %}
{% for x in [[1, [2, 3]], 4] recursive %}{% if x is number %}{{ x }}@{{ loop.depth0 }} {% else %}[{{ loop(x) }}]{% endif %}{% endfor %}
{% for x in nums %}{% set y = x * 2 %}{{ y }}{% endfor %}{{ y is defined }}
{% set y = 1 %}{% for x in nums %}{{ y }}{% set y = x %}{{ y }} {% endfor %}{{ y }}
{% set ns = namespace(total=0) %}{% for x in nums %}{% set ns.total = ns.total + x %}{% endfor %}{{ ns.total }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{% set ns.c = 3 %}{{ ns.c }} {{ ns.zzz is defined }}
{% set x = 5 %}{{ x }}{% set x = x + 1 %}{{ x }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}
{% set t = 1, 2 %}{{ t }}{% set (a, b) = t %}{{ a + b }}
{% set x %}block {{ name }}{% endset %}[{{ x }}]
{% set x | upper | replace('A', '4') %}block {{ name }}{% endset %}[{{ x }}]
{% if yes %}{% set z = 1 %}{% endif %}{{ z }}
{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z is defined }}
{% with a = 1, b = name %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}
{% set a = 'out' %}{% with a = 'in', b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% filter upper %}abc {{ name }}{% endfilter %}
{% filter replace('a', 'b') | upper %}aaa{% endfilter %}
{% filter indent(2) %}a\\nb{% endfilter %}
{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(1, c='y') }} {{ m(a=5, b=6, c=7) }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}
{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}{{ m(1) }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}
{% macro m(a) %}{{ a }}{{ varargs|length }}{% endmacro %}{{ m(1, 2, 3) }}
{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(4) }}
{% macro m() %}{{ name }}{{ later }}{% endmacro %}{% set later = 'L' %}{{ m() }}
{% macro m(name) %}{{ name }}{% endmacro %}{{ m('inner') }}{{ name }}
{% macro m() %}x{% endmacro %}{{ m() ~ m() }} {{ m()|upper }} {{ m.name }}
{% macro box(title) %}<{{ title }}:{{ caller() }}>{% endmacro %}{% call box('T') %}body {{ name }}{% endcall %}
{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(v, i=0) each(nums) %}[{{ i }}:{{ v }}]{% endcall %}
{% macro m(items) %}{% for i in items %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}{% endmacro %}{{ m(*[[1, 2]]) }} {{ m(**{'items': [3]}) }}
{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}x{% endcall %}
{% macro m(x) %}⏎  {{ x }}⏎{% endmacro %}[{{ m(1) | trim }}]
{% include 'hello' %}
{% include 'nl' %}after
{% include 'hello' with context %}{% include 'noctx' without context %}
{% for u in users %}{% include 'row' %}{% endfor %}
{% include 'zzz' ignore missing %}ok
{% include ['zzz', 'hello'] %}
{% include ['zzz', 'yyy'] ignore missing %}ok
{% include 'zzz' ignore missing without context %}ok
{% include 'hello' if yes else 'noctx' %}
{% set name = 'Local' %}{% include 'hello' %}
{% include 'sets' %}{{ leaked is defined }}
{% import 'macros' as m %}{{ m.field('a') }}{{ m.field('b', 1) }}{{ m.version }}{{ m.outer('q') }}
{% import 'macros' as m %}{{ m._private is defined }}{{ m.zzz is defined }}{{ m.who() }}
{% import 'macros' as m with context %}{{ m.who() }}
{% import 'macros' as m %}{{ m }}
{% from 'macros' import field, version as v %}{{ field('a', v) }}
{% from 'macros' import field as f with context %}{{ f('z') }}
{% from 'macros' import zzz %}{{ zzz is defined }}
{% extends 'base' %}
{% extends 'base' %}{% block body %}child {{ name }}{% endblock %}
{% extends 'base' %}{% block title %}{{ super() }}+{% endblock %}ignored
{% extends 'middle' %}{% block title %}top-{{ super() }}{% endblock %}{% block body %}B{% endblock %}
{% extends 'base' %}{% set name = 'fromchild' %}
{% extends 'base' %}{% macro m(x) %}<{{ x }}>{% endmacro %}{% block body %}{{ m('k') }}{% endblock %}
{% extends 'listy' %}{% block item %}{{ x * 2 }};{% endblock %}
{% extends 'needs' %}{% block must %}here{% endblock %}
{% extends 'base' if yes else 'listy' %}
{% if yes %}{% extends 'base' %}{% endif %}x
before {% extends 'base' %} after
{% block a %}A{% block b %}B{% endblock %}{% endblock a %}{{ self.b() }}
{% block a %}x{% set q = 1 %}{{ q }}{% endblock %}{{ q is defined }}
{% set s = 'S' %}{% block a %}{{ s }}{% endblock %}
{{ neg|abs }} {{ 2.5|abs }} {{ (-2.5)|abs }} {{ true|abs }}
{% for row in range(7)|batch(3) %}{{ row }}{% endfor %} {% for row in range(7)|batch(3, 'x') %}{{ row }}{% endfor %}
{% for col in range(7)|slice(3) %}{{ col }}{% endfor %} {% for col in range(7)|slice(3, '-') %}{{ col }}{% endfor %}
{{ 'hELLO wORLD'|capitalize }} {{ ''|capitalize }} {{ 'ßa'|capitalize }} {{ n|capitalize }}
[{{ 'ab'|center(7) }}] [{{ 'abc'|center(6) }}] [{{ 'abc'|center(2) }}] {{ 'x'|center|length }}
{{ nums|length }} {{ name|count }} {{ conf|length }} {{ uni|length }} {{ range(5)|length }} {{ ''|length }} {{ (1,2)|length }}
{{ missing|default('d') }} {{ missing|d }} {{ ''|default('d') }}| {{ ''|default('d', true) }} {{ none|default('d') }} {{ none|d('x', boolean=true) }} {{ conf.zzz|default(1) }} {{ 0|d(5, true) }}
{{ missing|default(default_value='k') }} {{ missing|default([])|length }}
{{ {'b': 1, 'A': 2, 'c': 0}|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(true) }} {{ {'b': 1, 'A': 2}|dictsort(false, 'value') }} {{ {'b': 1, 'A': 2}|dictsort(reverse=true) }}
{{ html|e }} {{ html|escape }} {{ html|e|e }} {{ html|forceescape }} {{ (html|e)|forceescape }} {{ n|e }} {{ html|safe }} {{ html|safe|e }}
{{ ('<'|e) + '<' }} {{ '<' + ('<'|e) }} {{ ('<'|e) ~ '<' }} {{ ('<'|e)|upper|e }} {{ [('<'|e)] }} {{ '<'|e is escaped }} {{ '<' is escaped }}
{{ nums|first }} {{ nums|last }} {{ name|first }} {{ name|last }} {{ conf|first }} {{ conf|last }} {{ range(3)|last }}
{{ [] |first|default('none') }} {{ []|last|default('none') }} {{ []|max|default('none') }}
{{ '3.7'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ none|float }} {{ '1e3'|float }} {{ ' 2 '|float }} {{ 'inf'|float }} {{ true|float }}
{{ '%s is %d'|format('a', 3) }} {{ '%05.2f|%-6s|%+d|%x|%o|%e|%g'|format(3.14159, 'ab', 5, 255, 8, 12345.678, 0.0001) }} {{ '%(a)s-%(b)03d'|format(a='x', b=7) }} {{ '%%'|format() }} {{ '%r %s'|format('q', none) }}
{{ '%5s|%-5s|%05d|%5.1f|% d|%#x|%#o|%X'|format('a', 'b', -42, 2.25, 7, 255, 8, 255) }} {{ '%c%c'|format('a', 98) }} {{ '%.3s'|format('abcdef') }} {{ '%*d'|format(5, 42) }} {{ '%.0f %.0f'|format(0.5, 1.5) }} {{ '%g %g %g'|format(100000, 1000000, 1e-5) }} {{ '%i'|format(3.99) }} {{ '%a'|format('é') }}
{{ '%s' % 'x' }} {{ '%s-%s' % (1, 2) }} {{ '%(a)s' % {'a': 1} }} {{ '%s' % [1] }} {{ '%d%%' % 5 }}
{% for role, items in users|groupby('role') %}{{ role }}:{{ items|map(attribute='name')|join(',') }};{% endfor %}
{% for g in users|groupby('role') %}{{ g.grouper }}={{ g.list|length }} {% endfor %} {{ [{'k': 'B'}, {'k': 'a'}, {'k': 'b'}]|groupby('k') }}
{% for g, l in [{'k': 1}, {}]|groupby('k', default=0) %}{{ g }}{{ l|length }} {% endfor %}{{ [{'k': 'B'}, {'k': 'a'}, {'k': 'b'}]|groupby('k', case_sensitive=true)|length }}
{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2) }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb\\n'|indent('> ', true) }}|{{ ''|indent }}|{{ 'a\\r\\nb'|indent(1) }}
{{ '42'|int }} {{ '42.9'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ 3.9|int }} {{ -3.9|int }} {{ none|int(7) }} {{ '0x1A'|int(0, 16) }} {{ 'ff'|int(base=16) }} {{ ' 7 '|int }} {{ '1_000'|int }} {{ true|int }} {{ '101'|int(0, 2) }} {{ ''|int(3) }} {{ '1e3'|int }}
{{ nums|join(', ') }} {{ nums|join }} {{ mixed|join('-') }} {{ users|join(', ', attribute='name') }} {{ name|join('.') }} {{ conf|join(',') }} {{ []|join(',') }} {{ [1]|join(0) }} {{ [1, 2]|join(0) }}
{{ nums|list }} {{ name|list }} {{ conf|list }} {{ range(3)|list }} {{ (1, 2)|list }} {{ conf.items()|list }}
{{ conf|items|list }} {% for k, v in conf|items %}{{ k }}{% endfor %}
{{ 'Ünï ß'.title() }} {{ uni.casefold() }} {{ ('<a b>'|e).split(' ') }} {{ ('<'|e)|list }} {{ ('<'|e)[0] is escaped }} {{ '%s' % [1, 2] }} {{ 'B c' % words }} {{ 1234567.891 ** 42 }} {{ 1.1 ** -7 }} {{ 2.5 ** 3 }}
{{ 'ABC É'|lower }} {{ uni|upper }} {{ uni|lower }} {{ 5|upper }} {{ none|lower }}
{{ users|map(attribute='name')|list }} {{ words|map('upper')|join(' ') }} {{ users|map(attribute='zz', default='-')|list }} {{ words|map('replace', 'a', '4')|list }} {{ nested.list|map(attribute='x')|sum }} {{ [[1, 2], [3]]|map('first')|list }} {{ [[1, 2], [3, 4]]|map(attribute=1)|list }} {{ users|map(attribute='tags.0', default='none')|list }}
{{ ['1', '2']|map('int')|sum }} {{ [1, 2]|map('string')|list }} {{ []|map('upper')|list }}
{{ nums|max }} {{ nums|min }} {{ words|max }} {{ words|min }} {{ words|max(case_sensitive=true) }} {{ users|max(attribute='age') }} {{ users|min(attribute='name') }} {{ [1.5, 1]|min }} {{ 'hello'|max }}
{{ nums|reject('odd')|list }} {{ nums|select('odd')|list }} {{ [0, 1, '', 'a']|select|list }} {{ [0, 1, '', 'a']|reject|list }} {{ nums|select('gt', 1)|list }} {{ nums|select('in', [1, 2])|list }} {{ [1, none]|select('none')|list }} {{ mixed|select('string')|list }} {{ nums|reject('lessthan', 2)|list }} {{ nums|select('divisibleby', 3)|list }}
{{ users|selectattr('role', 'eq', 'dev')|map(attribute='name')|list }} {{ users|rejectattr('role', 'equalto', 'dev')|map(attribute='name')|list }} {{ users|selectattr('tags')|map(attribute='name')|list }} {{ users|rejectattr('tags')|list|length }} {{ [{'a': 1}, {}]|selectattr('a', 'defined')|list }} {{ nested.list|selectattr('x', '>', 1)|list }} {{ users|selectattr('tags.0', 'defined')|list|length }} {{ users|selectattr('age', 'ge', 30)|list|length }}
{{ 'aaa'|replace('a', 'b') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ 'abc'|replace('', '-') }} {{ 123|replace(2, 'x') }} {{ 'a.b'|replace('.', '') }} {{ 'aaa'|replace('a', 'b', 0) }}
{{ nums|reverse|list }} {{ name|reverse }} {{ uni|reverse }} {{ conf|reverse|list }} {{ range(3)|reverse|list }}
{{ 42.55|round }} {{ 42.55|round(1) }} {{ 42.55|round(1, 'floor') }} {{ 42.55|round(1, 'ceil') }} {{ 2.5|round }} {{ 3.5|round }} {{ 42|round }} {{ 42.5|round|int }} {{ 1234|round(-2) }} {{ 1250|round(-2) }} {{ 1350|round(-2) }} {{ 1234.5|round(-2) }} {{ 0.125|round(2) }} {{ 2.675|round(2) }} {{ -2.5|round }} {{ 7|round(0, 'ceil') }} {{ 1e20|round(2) }} {{ (-1250)|round(-2) }} {{ 6.0|round(-1) }} {{ 4.0|round(-1) }} {{ 0.1|round(-3) }}
{{ nums|sort }} {{ nums|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ users|sort(attribute='name')|map(attribute='name')|list }} {{ users|sort(attribute='role,age')|map(attribute='name')|list }} {{ users|sort(true, attribute='age')|map(attribute='age')|list }} {{ [2.5, 1, true]|sort }} {{ 'cab'|sort }} {{ [[2, 1], [1, 2]]|sort }} {{ users|sort(attribute='role', reverse=true)|map(attribute='name')|list }}
{{ 5|string ~ 'x' }} {{ none|string }} {{ [1]|string|length }} {{ 2.50|string }}
{{ '<p>a <b>b</b>\\n c &amp; d<!-- x > y --> e</p>'|striptags }} {{ '<a'|striptags }} {{ 'a<!-- b'|striptags }} {{ '<!<!-- x -->-- y -->z'|striptags }}
{{ nums|sum }} {{ users|sum(attribute='age') }} {{ []|sum }} {{ nums|sum(start=10) }} {{ [0.1, 0.2]|sum }} {{ [[1], [2]]|sum(start=[]) }}
{{ 'hello wORLD'|title }} {{ "they're bill's friends-in (law)"|title }} {{ 'a_b c.d [x] {y} <z>'|title }} {{ 'ǆ éa'|title }}
{{ conf|tojson }} {{ html|tojson }} {{ [1, 2.5, none, true, 'é😀\\n\\x7f']|tojson }} {{ {'b': 1, 'a': {'c': []}}|tojson(indent=2) }} {{ []|tojson(2) }} {{ (1, 2)|tojson }} {{ {1: 2}|tojson }} {{ "it's"|tojson }} {{ 1e20|tojson }} {{ {'a': [1, {'b': 2}]}|tojson(1) }}
{{ {'a': 1}|tojson|length }} {{ 'x'|tojson ~ '<' }} {{ users[0]|tojson }}
[{{ '  a b \\n'|trim }}] {{ 'xxaxx'|trim('x') }} {{ 'abcba'|trim('ab') }} {{ 5|trim }}
{{ text|truncate(20) }} {{ text|truncate(20, true) }} {{ text|truncate(20, end='…') }} {{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, True) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(11, False, '...', 0) }} {{ 'foobar'|truncate(3, leeway=0) }} {{ uni|truncate(8, true, '', 0) }}
{{ words|unique|list }} {{ ['a', 'A', 'b']|unique|list }} {{ ['a', 'A', 'b']|unique(case_sensitive=true)|list }} {{ users|unique(attribute='role')|map(attribute='name')|list }} {{ [1, 1.0, true, 2]|unique|list }}
{{ 'a b/c?d=é&'|urlencode }} {{ {'q': 'a b', 'x/y': 1}|urlencode }} {{ [('a', 1), ('b', 'c d')]|urlencode }} {{ 5|urlencode }} {{ '~-_.!*'|urlencode }}
{{ text|wordcount }} {{ "it's a well-known fact, isn't it?"|wordcount }} {{ ''|wordcount }} {{ uni|wordcount }}
{{ text|wordwrap(10) }}|{{ 'averyveryverylongword short'|wordwrap(8) }}|{{ 'averyveryverylongword short'|wordwrap(8, false) }}|{{ 'a b c d'|wordwrap(3, wrapstring='/') }}|{{ 'well-known up-to-date e-mail'|wordwrap(8) }}|{{ 'well-known'|wordwrap(6, break_on_hyphens=false) }}
{{ 'one two  three   four'|wordwrap(9) }}|{{ '  lead and trail  '|wordwrap(7) }}|{{ 'em--dash--here now'|wordwrap(6) }}|{{ 'abc defghijkl'|wordwrap(4) }}|{{ ''|wordwrap }}|{{ 'a\\n\\nb'|wordwrap(5) }}|{{ 'foo-bar-baz-qux-quux'|wordwrap(7) }}|{{ '--option --other-option'|wordwrap(9) }}
{{ 'abc'.upper() }} {{ 'ABC'.lower() }} {{ '  a '.strip() }}| {{ 'xax'.strip('x') }} {{ '  a'.lstrip() }} {{ 'a  '.rstrip() }}| {{ 'a'.title() }} {{ "they're x1y".title() }} {{ 'aB'.swapcase() }} {{ 'hELLO'.capitalize() }}
{{ 'a b  c'.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a b c '.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b c '.rsplit(none, 1) }} {{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\nb'.splitlines(true) }} {{ ''.split() }} {{ ''.split(',') }}
{{ ', '.join(['a', 'b']) }} {{ 'a-b'.replace('-', '+') }} {{ 'aaa'.replace('a', 'b', 1) }} {{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.rfind('b') }} {{ 'abc'.index('b') }} {{ 'banana'.count('a') }}
{{ 'abc'.isalpha() }} {{ '123'.isdigit() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'Abc'.istitle() }} {{ 'abc'.islower() }} {{ 'ABC'.isupper() }} {{ ''.isalpha() }} {{ '5'.zfill(3) }} {{ '-5'.zfill(4) }} [{{ 'a'.ljust(3) }}] [{{ 'a'.rjust(3, '.') }}] [{{ 'a'.center(4) }}] {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.md'.removesuffix('.md') }} {{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'ab'.partition('z') }}
{{ conf.keys()|list }} {{ conf.values()|list }} {{ conf.items()|list }} {{ conf.get('alpha') }} {{ conf.get('zz') }} {{ conf.get('zz', 5) }} {{ conf.keys() }} {{ conf.items()|length }} {{ 'alpha' in conf.keys() }} {{ conf.values() }}
{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }} {{ (1, 2).index(1) }}
{{ dict(a=1, b='x') }} {{ dict({'a': 1}, b=2) }} {{ dict([('k', 'v')]) }} {{ dict(a=1).a }} {{ dict() }}
{{ range(3) }} {{ range(1, 5) }} {{ range(0, 10, 3) }} {{ range(3)|string }} {{ range(0) == range(2, 2) }}
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}
{% set comma = joiner(', ') %}{% for x in nums %}{{ comma() }}{{ x }}{% endfor %}
{{ {'a': 1}['a'] }} {{ {'a': {'b': 2}}.a.b }} {{ {1: 'one'}[1] }} {{ {(1, 2): 'pair'}[(1, 2)] }} {{ {1: 'x'}[1.0] }} {{ {true: 'x'}[1] }}
{{ {'items': 5}['items'] }} {{ {'a': 1, 'a': 2} }}
{{ {'a': 1} == {'a': 1.0} }} {{ {'a': 1} != {'b': 1} }} {{ [1, [2]] == [1, [2.0]] }} {{ 'a' == 1 }}
{{ ([1, 2]|length) * 2 }} {{ -n|abs }} {{ (n + 1)|string ~ 'x' }} {{ n + 1|string|int }} {{ 'a' ~ 'b'|upper }} {{ ('a' ~ 'b')|upper }} {{ not nums|length }}
{{ name|upper|lower|title }} {{ name | upper }} {{ name|replace('A', 'a')|replace('d', 'D') }} {{ nums|sort|first + 1 }} {{ 3 * nums|first }}
{{ name.upper().lower()[0] }} {{ users[0].tags|join('+') }} {{ users[0]['name']|length }} {{ (users|first).name }} {{ users|map(attribute='age')|list|sort|last }}
{% for d in docs %}[{{ loop.index }}] {{ d.content }} ({{ d.score }})⏎{% endfor %}
{%- for d in docs -%}⏎{{ d.id }}⏎{%- endfor -%}
Answer in {{ 'German' if uni.startswith('Str') else 'English' }}.⏎⏎Context:⏎{% for d in docs|sort(attribute='score', reverse=true) %}- {{ d.content|trim }}⏎{% endfor %}
{{ (1, 'a')|join }} {{ nested }} {{ mixed }} {{ conf }}
{{ f|round(2) }} {{ '%.2f'|format(f) }} {{ f|int }} {{ n / 5 }} {{ n // 5 }} {{ half * 2 }} {{ (half * 2)|int }}
{{ '\\u00e4\\u4e2d' }} {{ 'ä' * 2 }} {{ 'äöü'[1] }} {{ 'äöü'|length }} {{ '😀'|length }} {{ ['😀', 'ä'] }}
{{ 1if yes else 2 }} {{ [1,2][0] }} {{ (yes)and(no) }}
{{ loop is defined }} {% for x in [1] %}{{ loop is defined }}{% endfor %}
{% set loop = 5 %}{{ loop }}
{{ nums is sameas nums }} {{ nums is sameas [3, 1, 2] }} {{ nums is eq [3, 1, 2] }}
{{ 9007199254740993 }} {{ 9223372036854775807 }} {{ -9223372036854775807 }} {{ 4611686018427387904 * 1 }}
{{ 10 % 3 * 2 }} {{ 2 * 3 % 4 }} {{ 7 // 2 * 2 }} {{ 1 - -1 }} {{ 2 - +2 }} {{ not (1 > 2) }}
{{ -1 ** 2 }} {{ (-1) ** 3 }} {{ 0 ** 0 }} {{ 1.5 ** 2 }} {{ 10 ** 18 }}
{{ 1e308 * 10 }} {{ -1e308 * 10 }} {{ 0.0 }} {{ -0.0 }} {{ 1 / 3 }} {{ 2 / 3 }} {{ 100.0 }} {{ 1e100 }}
{{ 'abc' > 'abd' }} {{ 'Z' < 'a' }} {{ [1] < [1, 0] }} {{ (1, 2) >= (1, 2) }}
{{ missing }}
{{ missing.x }}
{{ conf.zzz.y }}
{{ missing == 1 }}
{{ missing or 'a' }}
{% if missing %}x{% endif %}
{% for x in missing %}x{% endfor %}
{{ missing|upper }}
{{ missing|length }}
{{ missing ~ 'x' }}
{{ missing.x is defined }}
{{ nums[9] }}
{{ ('x' if no) }}|{{ 'x' if no }}|{{ ('x' if no) or 'y' }}|{{ ('x' if no)|default('z') }}|{{ ('x' if no) is defined }}|{{ ('x' if no) ~ 'a' }}|{{ ('x' if no)|length }}|{% for x in ('x' if no) %}{% endfor %}{{ ['a', ('x' if no)]|join('-') }}|{{ ('x' if no)|upper }}
{{ nothing.x }}
{{ 'a' + 1 }}
{{ 1 < 'a' }}
{{ 1 / 0 }}
{{ 5 % 0 }}
{{ nums|join(', ', attribute='x') }}
{{ [1, 'a']|sort }}
{{ 5|length }}
{% for x in 5 %}{% endfor %}
{% for a, b in [[1]] %}{% endfor %}
{% set a, b = [1, 2, 3] %}
{{ name|nosuchfilter }}
{{ name is nosuchtest }}
{{ name() }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}
{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}
{% include 'zzz' %}
{% extends 'needs' %}
{{ super() }}
{% for x in nums %}{{ loop(nums) }}{% endfor %}
{% set conf.x = 1 %}
{% if yes %}
{% endif %}
{% for x in nums %}{% endif %}
{{ name
{{ 'abc }}
{{ (1 }}
{{ 1 2 }}
{{ }}
{% %}
{# open
{% raw %}open
{{ a b }}
{{ 'a'.join([1]) }}
{{ 'abc'.index('z') }}
{{ '%d'|format('a') }}
{{ '%s %s'|format('a') }}
{{ '%s'|format('a', 'b') }}
{{ nums|map('nosuch')|list }}
{{ nums|tojson(x=1) }}
{{ ''.split('') }}
{{ [1][::0] }}
{{ range(1, 2, 0) }}
{{ {[1]: 2} }}
{% block a %}{% endblock %}{% block a %}{% endblock %}
{% macro m(a=1, b) %}{% endmacro %}
{{ f(a=1, a=2) }}
{{ name is defined is defined }}
{{ nums|batch }}
{{ text|truncate(2) }}
{{ 'a'|wordwrap(0) }}
{{ words|sum(start='') }}
{{ 'a' % 1 }}
""".strip("\n").split("\n")

# Templates with lines of their own.
WHOLE = [
    "",
    "\n",
    "a\n",
    "a\r\nb\rc\n",
    "{% if yes %}\n  x\n{% endif %}\n",
    "  {%- if yes -%}  x  {%- endif -%}  \n",
    "{% for x in nums %}\n- {{ x }}\n{% endfor %}\n",
    "{%- for x in nums %}\n- {{ x }}\n{%- endfor %}\n",
    "{% set x = 1 -%}\n\n{{ x }}",
    "{# a\nb #}\nc {{ n }}",
    "{% macro m(x) -%}\n  {{ x }}\n{%- endmacro -%}\n{{ m(1) }}",
    "{{ 'a\\\nb' }}",
    "You are {{ name }}.\n\n{% if docs %}Sources:\n{% for d in docs %}\n<doc id=\"{{ d.id }}\">\n{{ d.content | indent(2, first=true) }}\n</doc>\n{% endfor %}\n{% else %}No sources.\n{% endif %}\nAnswer:\n",
    "{% include 'hello' %}\n{% include 'nl' %}x\n",
    "{% extends 'base' %}\n{% block body %}\n  {{ super() }}\n{% endblock %}\n",
    "{{ text | wordwrap(12) | indent(4, true) }}",
    "\ufeffbom {{ n }}",
    "nbsp\u00a0{{- n }}",
    "{{ 'a\\tb' }}{{ 'multi\nline' }}",
    "{{ name\n   |upper }}",
    "{% if yes\n   and n %}ok{% endif %}",
]


def main():
    env = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        loader=jinja2.DictLoader(TEMPLATES),
    )
    print(json.dumps({"vars": VARS, "templates": TEMPLATES}, ensure_ascii=False))
    for source in [c.replace("⏎", "\n") for c in CASES] + WHOLE:
        case = {"template": source}
        try:
            case["output"] = env.from_string(source).render(VARS)
        except Exception as e:
            case["error"] = f"{type(e).__name__}: {e}"
        print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
