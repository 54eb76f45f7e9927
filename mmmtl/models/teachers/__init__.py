"""Frozen networks whose features are distilled."""

from mmmtl.models.teachers.timm_teacher import TimmTeacher

__all__ = ['TimmTeacher']
