"""Steps 5 and 7 of docs/guide.md: what the jobs have left."""

import foundations
from foundations import JobPersister, ResultReader

print(foundations.get_metrics_for_all_jobs("demo_project").to_string())

with JobPersister.load_archiver_fetch() as fetch:
    reader = ResultReader(fetch)

stages = reader.get_job_information()
last = stages[stages.project_name == "demo_project"].iloc[-1]
print(reader.get_results().to_string())
print(stages[["job_name", "stage_name", "stage_status", "args", "delta_time"]].to_string())
print(reader.get_source_code(last.stage_id))
print(reader.get_unstructured_results(last.job_name, last.stage_id))
print(reader.get_error_information(last.job_name))
