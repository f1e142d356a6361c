from model import answer

target = answer().enable_caching()
