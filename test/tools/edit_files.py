"""Edits texts with Ansible's own modules, each in a child of one process.

Input (a JSON file named as the argument): a list of {"module", "args", "before"}, `before` null for no file. Output (JSON): the
text that each leaves, null for no file.
"""
import importlib
import json
import os
import sys
import tempfile

from ansible.module_utils import basic


def play(module, args):
    child = os.fork()
    if child == 0:
        for stream in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': args}).encode()
        if hasattr(basic, '_ANSIBLE_PROFILE'):
            basic._ANSIBLE_PROFILE = 'legacy'
        try:
            importlib.import_module('ansible.modules.' + module).main()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def edited(case, directory):
    path = os.path.join(directory, 'edited')
    if os.path.exists(path):
        os.remove(path)
    if case['before'] is not None:
        with open(path, 'w') as file:
            file.write(case['before'])
    places = {'path': path, '_ansible_tmpdir': directory, '_ansible_remote_tmp': directory}
    play(case['module'], {**case['args'], **places})
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return file.read()


with open(sys.argv[1]) as given, tempfile.TemporaryDirectory() as scratch:
    print(json.dumps([edited(case, scratch) for case in json.load(given)]))
