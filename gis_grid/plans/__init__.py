"""Checking the division and changing it: seams, adjustment plans (调整方案), proposals, sizes."""
