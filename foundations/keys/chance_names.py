"""The names by which Python's and the common libraries' clocks and random generators are called."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CLOCK = _names("""
    time.time time.time_ns time.localtime time.gmtime time.ctime time.asctime time.strftime time.clock_gettime
    datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today
    datetime.now datetime.utcnow datetime.today date.today
    pandas.Timestamp.now pandas.Timestamp.utcnow pandas.Timestamp.today Timestamp.now
    os.path.getmtime os.path.getctime os.path.getatime posixpath.getmtime genericpath.getmtime
""")

# with an argument they only reckon with a time that is given
CLOCK_WITHOUT_ARGUMENT = _names("time.localtime time.gmtime time.ctime time.asctime")

DRAWS = _names("""
    random.random random.randint random.randrange random.choice random.choices random.shuffle random.sample
    random.uniform random.gauss random.normalvariate random.betavariate random.expovariate random.triangular
    random.getrandbits random.randbytes random.SystemRandom os.urandom posix.urandom uuid.uuid1 uuid.uuid4 uuid4
    torch.rand torch.randn torch.randint torch.randperm torch.normal torch.bernoulli torch.multinomial torch.rand_like
    torch.randn_like
""")

# with an argument they are seeded
DRAWS_WITHOUT_ARGUMENT = _names("""
    random.Random Random numpy.random.default_rng numpy.random.RandomState default_rng RandomState
""")
NO_DRAWS = _names("seed set_state get_state default_rng")
DRAWING_PREFIXES = ("secrets.", "numpy.random.")

SEEDS = _names("""
    seed manual_seed manual_seed_all set_seed seed_everything set_random_seed setstate set_state set_rng_state
""")

ALIASES = {"np": "numpy", "pd": "pandas", "dt": "datetime"}
