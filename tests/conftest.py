"""One thread a process, for the tests and for the programs that they start.

``make test`` runs a process on every core. The small matrices of a show do not get done sooner by two threads of
linear algebra that wait for each other in a loop: ``decide`` takes a third of the processor time with one. It has to be
said before numpy is imported; whoever sets another number keeps it.
"""

import os

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
