"""`foundations archive`: the commands that look after an archive, a module each."""

DESCRIPTION = "Look after an archive: see that it is whole, make room in it, move it, serve it."

COMMANDS = {
    "check": "say what is wrong with it, and mend what can be",
    "compact": "pack its index, so that it is read in a few requests",
    "copy": "copy all of it to another place",
    "gc": "delete what nothing names any more",
    "serve": "start an S3 server on a directory",
    "stats": "say what it holds",
}
