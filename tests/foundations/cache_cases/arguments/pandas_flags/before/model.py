def answer(x):
    return x.flags.allows_duplicate_labels
