def last(values):
    return values[-1]


PLAN = {"steps": [("first", (len, [last]))]}


def answer():
    return PLAN["steps"][0][1][1][0]([1, 2, 3])
