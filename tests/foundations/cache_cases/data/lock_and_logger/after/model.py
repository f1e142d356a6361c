import logging
import threading

LOCK = threading.Lock()
LOGGER = logging.getLogger("model")


def answer():
    with LOCK:
        LOGGER.debug("working")
        return 3  # at last
