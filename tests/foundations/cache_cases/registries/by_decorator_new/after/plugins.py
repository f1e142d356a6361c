from registry import register


@register
def first():
    return 1


@register
def second():
    return 2
