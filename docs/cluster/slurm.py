"""A Dask cluster in Slurm jobs that grades a cohort: adapt the marked lines and run it on a login node.

    pip install 'blindgrade[cluster]' dask-jobqueue        (in an environment that every node sees)
    python slurm.py lesson-7.2.1 submitted/

Tested with a `sbatch` that runs the job on the same machine (tests/cohort/test_slurm.py), not on a Slurm of ours. What
must be right: one thread a worker, the same environment everywhere, nodes that can reach each other and this process,
and walls for students' code on the compute nodes (`grade --sandbox strict` in a job says so).
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster

JOBS, PROCESSES = 10, 8  # adapt: jobs, and processes in each

cluster = SLURMCluster(
    queue="normal",  # adapt: the partition
    account=None,  # adapt: who pays
    cores=PROCESSES,
    processes=PROCESSES,  # one thread each: a grading has its process to itself
    memory="16GB",  # adapt: of a job, 2 GB for each process: the worker, its warm process, a student's code
    walltime="04:00:00",
    local_directory="/tmp",  # adapt: fast, local to the node, not shared
    scheduler_options={"dashboard_address": None},
)
cluster.scale(jobs=JOBS)
cluster.wait_for_workers(PROCESSES)
command = ["course", "grade", *sys.argv[1:], "--cluster", cluster.scheduler_address]
sys.exit(subprocess.run(command).returncode)
