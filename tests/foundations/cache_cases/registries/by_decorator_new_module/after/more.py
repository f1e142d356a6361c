from registry import register


@register
def second():
    return 2
