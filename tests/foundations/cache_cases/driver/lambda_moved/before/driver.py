from foundations import create_stage as stage

target = stage(lambda x: x + 1)(2).enable_caching()
