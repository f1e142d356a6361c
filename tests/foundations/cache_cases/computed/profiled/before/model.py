import cProfile
import contextlib
import io

def answer():
    with contextlib.redirect_stdout(io.StringIO()):
        cProfile.run("import builtins, shapes; builtins.found_by_answer = shapes.area()")
    return __import__("builtins").found_by_answer
