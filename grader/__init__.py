"""Judges MapReduce programs: runs students' modules on named datasets and compares what they emit with a reference.

What lives where, and what may import what, is drawn in docs/architecture.md. Student code runs only below `sandbox/`.
"""
