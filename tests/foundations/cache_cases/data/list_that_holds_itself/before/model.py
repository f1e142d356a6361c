RING = [1, 2]
RING.append(RING)


def answer():
    return RING[2][2][1]
