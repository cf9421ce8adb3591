"""Medians with quartiles: the machine is shared, and a mean would be its story."""

from statistics import quantiles

OURS, LIMIT = "libbytesio", "limit"
NEVER_MAPPED, BEFORE = "libbytesio_never_mapped", "before"  # another configuration, another build
NOT_PEERS = (OURS, "libbytesio_unlocked", NEVER_MAPPED, BEFORE, LIMIT)


def spread(values):
    first, middle, third = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    rounded = {"median": round(middle, 4), "q1": round(first, 4), "q3": round(third, 4)}
    return {**rounded, "samples": [round(value, 4) for value in values]}


def summarise(samples):
    """{work: {program: [sample]}} to {work: {program: {"ns": spread, "held": ..., "peak": ...}}}"""
    return {
        work: {
            program: {key: spread([sample[key] for sample in taken]) for key in taken[0]}
            for program, taken in programs.items()
        }
        for work, programs in samples.items()
    }


class Results:
    """Questions about results.json, asked by work and program."""

    def __init__(self, stored):
        self.stored, self.work = stored, stored["work"]

    def value(self, work, program=OURS, key="ns", quantile="median"):
        found = self.work.get(work, {}).get(program, {}).get(key)
        return found and found[quantile]

    def peers(self, work, key="ns"):
        """Everyone but this library and the limit: [(median, program)], the best first."""
        return sorted(
            (entry[key]["median"], program)
            for program, entry in self.work.get(work, {}).items()
            if program not in NOT_PEERS and key in entry
        )

    def name(self, program):
        return self.stored["peers"].get(program, {}).get("name", program)
