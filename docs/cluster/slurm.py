"""A Dask cluster in Slurm jobs that grades a cohort. Adapt the marked lines and run this on a login node.

    pip install './blindgrade-0.1.0-py3-none-any.whl[cluster]' dask-jobqueue    (in an environment that every node sees)
    python slurm.py lesson-7.2.1 submitted/

tests/cohort/test_slurm.py runs it with a `sbatch` that starts the job on the same machine. It never ran on a real
Slurm. You need one thread for each worker, the same environment everywhere, and nodes that can reach each other and
this process. The compute nodes need a working sandbox: run `grade --sandbox strict` in a job to test it.
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster

JOBS, PROCESSES = 10, 8  # adapt: jobs, and processes in each

cluster = SLURMCluster(
    queue="normal",  # adapt: the partition
    account=None,  # adapt: the account that pays
    cores=PROCESSES,
    processes=PROCESSES,  # one thread each: each grading has its own process
    memory="16GB",  # adapt: for a job; 2 GB for each process: the worker, its warm process, a student's code
    walltime="04:00:00",
    local_directory="/tmp",  # adapt: fast, local to the node, not shared
    scheduler_options={"dashboard_address": None},
)
cluster.scale(jobs=JOBS)
cluster.wait_for_workers(PROCESSES)
command = ["course", "grade", *sys.argv[1:], "--cluster", cluster.scheduler_address]
sys.exit(subprocess.run(command).returncode)
