/** Whole templates: what is printed is compared byte for byte, so that every blank counts. */
export const templates: Readonly<Record<string, string>> = {
  empty: '',
  text: 'no tags at all',
  'trailing-one': '{{ harbour }}\n',
  'trailing-three': 'a\n\n\n',
  'trailing-none': 'a',
  'only-breaks': '\n\n',
  crlf: 'a\r\n{% if tide %}\r\nb\r\n{% endif %}\r\nc\r\n',
  'trim-blocks': 'a\n{% if tide %}\n  b\n{% endif %}\nc\n',
  'no-lstrip': 'a\n  {% if tide %}\n  b\n  {% endif %}\nc\n',
  'minus-signs': 'a \n {%- if tide -%} \n b \n {%- endif -%} \n c\n {{- berth -}} \n d\n',
  'plus-signs': 'a\n  {%+ if tide +%}\nb\n{% endif +%}\nc\n',
  comments: 'a{# one #}b\n{# two\nlines #}\nc {#- three -#} d\n',
  'comment-first': '{# a header\n   of two lines #}\n# text\n',
  raw: 'a {% raw %}\n{{ harbour }} {% if %}{% endraw %}\nb {%- raw -%} x {%- endraw -%} c\n',
  'override-line':
    '#jinja2: trim_blocks: False, lstrip_blocks: True\na\n  {% if tide %}\nb\n  {% endif %}\nc\n',
  'override-delimiters':
    "#jinja2: variable_start_string: '[[', variable_end_string: ']]', block_start_string: '<%', block_end_string: '%>'\n[[ chained ]] {{ harbour }}\n<% if tide %>\nx\n<% endif %>\n",
  'for-loop':
    '{% for tree in quay %}\n{{ loop.index }}/{{ loop.length }} {{ tree }}{{ "," if not loop.last }}{{ loop.cycle("a", "b") }} {{ loop.previtem | default("-") }} {{ loop.nextitem | default("-") }} {{ loop.changed(tree) }}\n{% endfor %}\n',
  'for-else': '{% for tree in [] %}x{% else %}none{% endfor %}\n',
  'for-if': '{% for n in numbers if n > 1 %}{{ loop.index0 }}:{{ n }} {% endfor %}\n',
  'for-unpack': '{% for key, value in ship.crew.items() %}{{ key }}={{ value }};{% endfor %}\n',
  'for-nested':
    '{% for a in [1, 2] %}{% for b in "xy" %}{{ a }}{{ b }}{{ loop.depth }} {% endfor %}{{ loop.index }}\n{% endfor %}\n',
  'set-scope':
    '{% set x = 1 %}{% if tide %}{% set x = 2 %}{% endif %}{{ x }}{% for i in [1, 2] %}{{ x }}{% set x = 9 %}{{ x }}{% endfor %}{{ x }}\n',
  'set-block':
    '{% set x %}\n  {{ harbour }}!\n{% endset %}\n[{{ x }}]{% set y | upper | trim %} {{ harbour }} {% endset %}[{{ y }}]\n',
  'set-tuple': '{% set a, b = 1, "two" %}{{ b }}{{ a }}\n',
  namespace:
    '= {% set ns = namespace(n=0) %}{% for i in numbers %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}\n',
  with: '{% with a = 1, b = harbour %}{{ a }}{{ b }}{% endwith %}{{ a | default("gone") }}\n',
  'filter-block': '{% filter upper | replace("A", "4") %}\n a {{ harbour }}\n{% endfilter %}\n',
  elif: '{% if ebb %}a{% elif berth == 7 %}b{% else %}c{% endif %}\n',
  'shadowed-variable': '{% set harbour = "elm" %}{{ harbour }} {{ indirect }}\n',
  'print-statement': '= {% print berth %}\n',
  'none-printed': 'a{{ none }}b{{ nothing }}c\n',
  'list-append': '= {% set l = [] %}{% for n in numbers %}{% set _ = l.append(n * 2) %}{% endfor %}{{ l }}\n',
  'dict-update': '= {% set d = {} %}{% set _ = d.update({"a": 1}) %}{{ d }}\n',
  'number-with-break': '{{ number_with_break }}|\n',
  'ansible-managed': '# {{ ansible_managed }}\n',
  braces: '{ {{ "}}" }} } {%% } #}\n'.replace('{%%', '{ %'),
  'unit-like':
    '[Service]\nType={{ "notify" if tide else "exec" }}\n{% if address is defined %}\nExecStart=/bin/x --server https://{{ "[" ~ address ~ "]" if ":" in address else address }}:{{ port | default(6443) }} {{ extra | default("") }}\n{% endif %}\n',
}

/** Of a single expression the newest ansible-core keeps the type, and adds a line break only to a text. */
export const single: Readonly<Record<string, { text: string; newest: string; oldest: string }>> = {
  'single-number': { text: '{{ berth }}\n', newest: '7', oldest: '7\n' },
  'single-list': { text: '{{ numbers }}\n', newest: '[3, 1, 2]', oldest: '[3, 1, 2]\n' },
  'single-none': { text: '{{ nothing }}\n', newest: '', oldest: '\n' },
}
