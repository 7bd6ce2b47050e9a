"""What an export to another platform is made of, and what every platform is asked first."""

from strongroom.govern.export.parts import Described, ExportPart, Plan, Scope, members, plan

__all__ = ["Described", "ExportPart", "Plan", "Scope", "members", "plan"]
