import sqlite3

def answer():
    c = sqlite3.connect(':memory:')
    c.execute("attach 'rows.sqlite' as r")
    return c.execute('select a from r.t').fetchall()
