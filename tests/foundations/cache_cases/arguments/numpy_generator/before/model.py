def answer(value):
    return value.bit_generator.state['state']['state']
