from foundations import create_stage as stage

first = 1

target = stage(lambda x: x + 1)(2).enable_caching()
