from registry import register


@register
def first():
    return 2
