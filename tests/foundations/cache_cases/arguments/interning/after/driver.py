from foundations import create_stage as stage
from model import answer

target = stage(answer)([''.join(['na', 'me']), 'na' + 'me'.strip()]).enable_caching()
