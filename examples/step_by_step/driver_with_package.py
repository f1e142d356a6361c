"""Step 8 of docs/guide.md: a stage that needs a package which the driver's machine need not have."""

from models.model import incr_by_10, mult, report

import foundations

foundations.set_project_name("demo_packages")

incr_by_10 = foundations.create_stage(incr_by_10)
mult = foundations.create_stage(mult)
report = foundations.create_stage(report)

incr_value = incr_by_10(20).enable_caching()
result = report(mult(20, incr_value)).persist()
print(result.run().result())
