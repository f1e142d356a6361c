import logging
import logging.config


def answer():
    handlers = {"own": {"class": "sinks.Sink"}}
    logging.config.dictConfig({"version": 1, "handlers": handlers, "loggers": {"own": {"handlers": ["own"]}}})
    return logging.getLogger("own").handlers[0].say()
