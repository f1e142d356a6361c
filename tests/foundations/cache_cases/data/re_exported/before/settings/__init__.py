from settings.training import RATE
