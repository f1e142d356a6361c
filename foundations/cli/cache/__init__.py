"""`foundations cache`: the commands that look after what is cached, a module each."""

DESCRIPTION = "Look after cached results."

COMMANDS = {
    "accept": "let results of a stage's earlier code serve its code as it is now",
}
