"""Reads many inventories, literals, words, host patterns and YAML scalars with Ansible's own code, in one process.

Input (a JSON file named as the argument) and output (JSON) are lists of one kind each; see test/peers/inventory.test.ts.
Numbers are written with their type, so that 1 and 1.0 differ.
"""
import ast
import datetime
import json
import os
import shlex
import sys

import yaml
from ansible import context
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.yaml.loader import AnsibleLoader
from ansible.plugins.inventory.ini import InventoryModule
from ansible.utils.context_objects import CLIArgs
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

INTERNAL = {
    'ansible_playbook_python', 'ansible_config_file', 'groups', 'omit', 'playbook_dir', 'ansible_version',
    'inventory_dir', 'inventory_file', 'inventory_hostname', 'inventory_hostname_short', 'group_names',
    'ansible_facts', 'ansible_local',
}


def typed(value):
    if value is None or isinstance(value, bool):
        return value
    if hasattr(value, '_ciphertext'):
        text = value._ciphertext
        return {'vault': text.decode() if isinstance(text, bytes) else str(text)}
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return {'i': str(int(value))}
    if isinstance(value, float):
        return {'f': repr(float(value))}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [typed(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {'set': sorted(json.dumps(typed(item)) for item in value)}
    if isinstance(value, dict):
        return {'d': [[str(key), typed(item)] for key, item in value.items()]}
    return {'other': type(value).__name__}


def attempt(function, *args):
    try:
        return {'value': function(*args)}
    except Exception as error:
        return {'error': str(error)}


def inventory(case):
    loader = DataLoader()
    sources = [os.path.join(case['directory'], source) for source in case['sources']]
    manager = InventoryManager(loader=loader, sources=sources)
    variables = VariableManager(loader=loader, inventory=manager)
    hosts = {}
    for host in manager.get_hosts('all'):
        merged = variables.get_vars(host=host, include_hostvars=False, stage='all')
        hosts[host.name] = [[key, typed(merged[key])] for key in sorted(merged) if key not in INTERNAL]
    return {
        'hosts': hosts,
        'groupNames': {name: sorted(g.name for g in manager.hosts[name].get_groups() if g.name != 'all') for name in hosts},
        'groups': {
            name: {
                'hosts': [host.name for host in group.hosts],
                'children': [child.name for child in group.child_groups],
                'depth': group.depth,
                'priority': group.priority,
            }
            for name, group in manager.groups.items()
        },
    }


def pattern(text):
    plugin = InventoryModule()
    names, port = plugin._expand_hostpattern(text)
    return {'names': list(names), 'port': port or None}


def main():
    context.CLIARGS = CLIArgs({'extra_vars': ()})
    # Thousands of inputs that are wrong on purpose: their warnings would drown everything.
    for method in ('warning', 'display', 'deprecated', 'error', 'error_as_warning'):
        setattr(Display, method, lambda *args, **kwargs: None)
    with open(sys.argv[1], encoding='utf-8') as file:
        given = json.load(file)
    json.dump(
        {
            'inventories': [attempt(inventory, case) for case in given.get('inventories', [])],
            'literals': [attempt(lambda text: typed(ast.literal_eval(text)), text) for text in given.get('literals', [])],
            'words': [attempt(lambda text: shlex.split(text, comments=True), text) for text in given.get('words', [])],
            'patterns': [attempt(pattern, text) for text in given.get('patterns', [])],
            'yaml': [attempt(lambda text: typed(yaml.load(text, Loader=AnsibleLoader)), text) for text in given.get('yaml', [])],
        },
        sys.stdout,
    )


main()
