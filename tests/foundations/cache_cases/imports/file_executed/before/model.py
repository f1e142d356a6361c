from pathlib import Path
ns = {}
exec(Path(__file__).with_name('conf.cfg').read_text(), ns)

def answer():
    return ns['value']()
