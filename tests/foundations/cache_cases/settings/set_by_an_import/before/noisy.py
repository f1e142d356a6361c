import warnings

warnings.filterwarnings("ignore", message="what nobody says")
COUNT = 3
