"""A naive model: add 10 to x, multiply the sum by y."""

import foundations


def incr_by_10(x):
    return x + 10


def mult(x, y):
    foundations.log_metric("x", x)
    foundations.log_metric("y", y)
    output = x * y
    foundations.log_metric("output", output)
    return output


def report(output):
    """Say it with words: needs a package that only requirements.txt names, so it is imported where it is used."""
    import humanize

    text = f"{humanize.intcomma(output)} ({humanize.apnumber(output // 100)} hundred)"
    print("the model says", text)
    foundations.log_metric("report", text)
    return text
