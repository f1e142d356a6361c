"""The guide's sample: steps 2 to 6 of docs/guide.md."""

from models.model import incr_by_10, mult

import foundations

foundations.set_project_name("demo_project")

incr_by_10 = foundations.create_stage(incr_by_10)
mult = foundations.create_stage(mult)

x = 20

# build step 1 of the model
incr_value = incr_by_10(x)
incr_value.enable_caching()

# build step 2 of the model
result = mult(x, incr_value)
result.persist()

# run the model
result.run()
