"""The names of what changes a library's state when it is called while a module is imported."""

import re

# and returns something that may be assigned
CHANGES = re.compile(
    r"(set(?!$)|seed|manual_seed|use_|use$|enable|disable|register|init|config|basic_?config|patch|install|setup|"
    r"load_dotenv|activate|start|add_|push|update_|putenv|chdir|insert$|append$|extend$|filterwarnings|simplefilter|"
    r"environ$|monkey|option|hook|__set|__del|setattr|delattr|umask|tzset|signal$|inject|override|attach|replace_)",
    re.IGNORECASE,
)
REGISTERS = re.compile(
    r"register|route|command|listen|subscribe|connect|handler|hook|implements|callback|receiver|task|accessor|expose",
    re.IGNORECASE,
)
