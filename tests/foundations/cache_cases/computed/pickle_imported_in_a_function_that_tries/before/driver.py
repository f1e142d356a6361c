from foundations import create_stage as stage
from model import answer

DATA = b"cshapes\nShape\n)\x81."

target = stage(answer)(DATA).enable_caching()
