"""What happens: one flow a job, with the job's name, and what several flows share."""
