r"""The only place where student code runs: in processes of its own, limited from outside, with nothing worth stealing.

    grader (slot) --launch--> zygote --fork--> worker: limits, then the submission's file
         \______________ pipes: tasks in, frames out, prints out ______________/

`levels` says how far apart they are kept; `stage` gives a run its private folder; `zygote` is the small clean process
that forks, `child` what a fork does; `slot` is the grader's end of a zygote; `watch` enforces the limits; `claims` cuts
to size what comes back; `runner` makes a run of it all.
"""
